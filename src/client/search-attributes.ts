import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { status } from '@grpc/grpc-js';
import { SearchAttributesMissingError } from '../job/errors.ts';
import { grpcStatus, registerCommand } from './map-error.ts';

// INDEXED_VALUE_TYPE_KEYWORD and INDEXED_VALUE_TYPE_KEYWORD_LIST
const KEYWORD = 2;
const KEYWORD_LIST = 7;
const ATTRIBUTES: Record<string, number> = {
  JobId: KEYWORD,
  JobType: KEYWORD,
  JobKind: KEYWORD,
  JobPriority: KEYWORD,
  JobQueue: KEYWORD,
  JobTags: KEYWORD_LIST,
};
/** A cluster's servers learn of new search attributes within a minute. */
const PROPAGATION = 90_000;

/** Name and type of a namespace's own search attributes. */
type Present = Readonly<Record<string, number>>;

/** Makes sure that jobs can be found: adds the search attributes that the namespace lacks, and waits until they serve. */
export async function ensureSearchAttributes(client: Client): Promise<void> {
  if (await areUsable(client)) return;
  const { namespace } = client.options;
  let present: Present = {};
  try {
    present = await readPresent(client);
    refuseOtherTypes(namespace, present);
    const missing = missingOf(present).map((name) => [name, ATTRIBUTES[name]] as const);
    if (missing.length > 0) {
      const searchAttributes = Object.fromEntries(missing) as Record<string, number>;
      await client.connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    }
  } catch (cause) {
    if (cause instanceof SearchAttributesMissingError || isUnreachable(cause)) throw cause;
    // Another client may have added them in between; else we may not, or there is no room for them.
    if (!(await areUsable(client))) throw cannotAdd(namespace, present, cause);
  }
  for (const deadline = Date.now() + PROPAGATION; Date.now() < deadline; await sleep(250)) {
    if (await areUsable(client)) return;
  }
  throw new SearchAttributesMissingError(
    `expected the search attributes that were added to namespace "${namespace}" to be in use, got none after ${PROPAGATION / 1000} s: call again in a minute`,
  );
}

/** Whether the server takes a query of ours. It takes a prefix only of a Keyword, and not of a Text or a number. */
async function areUsable(client: Client): Promise<boolean> {
  const conditions = Object.entries(ATTRIBUTES).map(
    ([name, type]) => `${name} ${type === KEYWORD ? 'STARTS_WITH' : '='} 'none'`,
  );
  try {
    await client.workflow.count(conditions.join(' AND '));
    return true;
  } catch (error) {
    if (grpcStatus(error)?.code === status.INVALID_ARGUMENT) return false;
    throw error;
  }
}

async function readPresent(client: Client): Promise<Present> {
  const { namespace } = client.options;
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  return { ...customAttributes };
}

function missingOf(present: Present): string[] {
  return Object.keys(ATTRIBUTES).filter((name) => !present[name]);
}

function refuseOtherTypes(namespace: string, present: Present): void {
  const names = Object.keys(ATTRIBUTES).filter((name) => present[name] && present[name] !== ATTRIBUTES[name]);
  if (names.length === 0) return;
  const options = names.map((name) => `--name ${name}`).join(' ');
  throw new SearchAttributesMissingError(
    `expected search attributes of our types in namespace "${namespace}", got ${names.join(', ')} of another: use another namespace, or, if nobody needs them, run: temporal operator search-attribute remove --namespace ${namespace} ${options}`,
  );
}

function cannotAdd(namespace: string, present: Present, cause: unknown): SearchAttributesMissingError {
  const missing = missingOf(present);
  const why = grpcStatus(cause)?.details ?? String(cause);
  return new SearchAttributesMissingError(
    `expected search attributes ${Object.keys(ATTRIBUTES).join(', ')} in namespace "${namespace}", and could not add ${missing.join(', ')} (${why}): ${makeRoom(namespace, present, why)}${registerCommand(namespace, missing)}`,
    { cause },
  );
}

/** A namespace in an SQL database has ten Keywords. */
function makeRoom(namespace: string, present: Present, why: string): string {
  if (!/cannot have more than/i.test(why)) return '';
  const others = Object.keys(present)
    .filter((name) => !Object.hasOwn(ATTRIBUTES, name) && present[name] === KEYWORD)
    .toSorted();
  return `use another namespace, or make room with: temporal operator search-attribute remove --namespace ${namespace} --name NAME, where NAME is one of ${others.join(', ')} that nobody needs, and then `;
}

function isUnreachable(error: unknown): boolean {
  const code = grpcStatus(error)?.code;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
}
