import { InvalidJobError, UnknownJobTypeError } from './errors.ts';
import type { Job, JobContract, JobOptions } from './job.ts';
import { parseJob } from './parse-job.ts';
import { show } from './show.ts';

/** The job definitions a scheduler knows. Without any it takes every job type and any JSON payload. */
export class Catalogue {
  readonly #contracts: ReadonlyMap<string, JobContract & { readonly defaults?: JobOptions }> | undefined;

  constructor(contracts: readonly JobContract[] | undefined) {
    this.#contracts = contracts && new Map(contracts.map((contract) => [contract.jobType, contract]));
  }

  /** Completes a job with its definition's defaults, and checks all of it. */
  async parse(job: unknown, options: { readonly ignorePayload?: boolean } = {}): Promise<Job> {
    const jobType = (job as { jobType?: unknown } | null | undefined)?.jobType;
    const contract = typeof jobType === 'string' ? this.#contracts?.get(jobType) : undefined;
    const parsed = parseJob(job, contract?.defaults);
    if (!this.#contracts) return parsed;
    if (!contract) {
      const known = [...this.#contracts.keys()].map(show).join(', ') || 'none';
      throw new UnknownJobTypeError(`jobType: expected one of ${known}, got ${show(parsed.jobType)}`);
    }
    if (!options.ignorePayload) await checkPayload(contract, parsed.payload);
    return parsed;
  }
}

async function checkPayload({ payload: schema }: JobContract, payload: unknown): Promise<void> {
  const result = await schema.safeParseAsync(payload);
  if (result.success) return;
  const [issue] = result.error.issues;
  const path = ['payload', ...(issue?.path ?? [])].map(String).join('.');
  throw new InvalidJobError(path, `${path}: ${issue?.message ?? 'not what the definition asks for'}`);
}
