import { z } from 'zod';
import { InvalidArgumentError, InvalidJobError, UnknownJobTypeError } from './errors.ts';
import type { Job, JobContract, JobOptions } from './job.ts';
import { complain, parseJob } from './parse-job.ts';
import { show } from './show.ts';

/** The job definitions a scheduler knows. Without any it takes every job type and any JSON payload. */
export class Catalogue {
  readonly #contracts: ReadonlyMap<string, JobContract & { readonly defaults?: JobOptions }> | undefined;

  constructor(contracts: readonly JobContract[] | undefined) {
    if (contracts === undefined) return;
    if (!Array.isArray(contracts) || !contracts.every(isContract)) {
      throw new InvalidArgumentError(`jobs: expected an array of what defineJob() gives, got ${show(contracts)}`);
    }
    this.#contracts = new Map(contracts.map((contract) => [contract.jobType, contract]));
    if (this.#contracts.size === contracts.length) return;
    const twice = contracts.find(
      ({ jobType }, index) => contracts.findIndex((other) => other.jobType === jobType) < index,
    );
    throw new InvalidArgumentError(
      `jobs: expected one definition for each job type, got two for ${show(twice?.jobType)}`,
    );
  }

  /** Completes a job with its definition's defaults, unless it is complete, and checks all of it. */
  async parse(
    job: unknown,
    options: { readonly ignorePayload?: boolean; readonly isComplete?: boolean } = {},
  ): Promise<Job> {
    const jobType = (job as { jobType?: unknown } | null | undefined)?.jobType;
    const contract = typeof jobType === 'string' ? this.#contracts?.get(jobType) : undefined;
    const parsed = parseJob(job, options.isComplete ? undefined : contract?.defaults);
    if (!this.#contracts) return parsed;
    if (!contract) {
      const known = [...this.#contracts.keys()].map(show).join(', ') || 'none';
      throw new UnknownJobTypeError(`jobType: expected one of ${known}, got ${show(parsed.jobType)}`);
    }
    if (!options.ignorePayload) await parsePayload(contract, parsed.payload);
    return parsed;
  }
}

function isContract(contract: unknown): contract is JobContract {
  const { jobType, payload } = (contract ?? {}) as Partial<JobContract>;
  return typeof jobType === 'string' && payload instanceof z.ZodType;
}

/** The payload as the handler gets it. Throws an InvalidJobError that names the first wrong field. */
export async function parsePayload({ payload: schema }: JobContract, payload: unknown): Promise<unknown> {
  const result = await schema.safeParseAsync(payload);
  if (result.success) return result.data;
  const { field, message } = complain(result.error, payload, 'payload', ['payload']);
  throw new InvalidJobError(field, message);
}
