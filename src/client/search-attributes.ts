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

/** Makes sure that jobs can be found: adds the search attributes that the namespace lacks, and waits until they serve. */
export async function ensureSearchAttributes(client: Client): Promise<void> {
  if (await areUsable(client)) return;
  const { namespace } = client.options;
  const { operatorService } = client.connection;
  try {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
    const missing = Object.entries(ATTRIBUTES).filter(([name]) => !customAttributes?.[name]);
    if (missing.length > 0) {
      await operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
    }
  } catch (cause) {
    // Another client may have added them in between; else we may not, or there is no room for them.
    if (!isUnreachable(cause) && !(await areUsable(client))) {
      const why = grpcStatus(cause)?.details ?? String(cause);
      throw new SearchAttributesMissingError(
        `expected search attributes ${Object.keys(ATTRIBUTES).join(', ')} in namespace "${namespace}", and could not add them (${why}): ${registerCommand(namespace)}`,
        { cause },
      );
    }
    throw cause;
  }
  for (const deadline = Date.now() + PROPAGATION; Date.now() < deadline; await sleep(250)) {
    if (await areUsable(client)) return;
  }
  throw new SearchAttributesMissingError(
    `added our search attributes to namespace "${namespace}", but after ${PROPAGATION / 1000} s the server still does not take them: call again in a minute`,
  );
}

async function areUsable(client: Client): Promise<boolean> {
  try {
    await client.workflow.count(Object.keys(ATTRIBUTES).map((name) => `${name} = 'none'`).join(' AND '));
    return true;
  } catch (error) {
    if (grpcStatus(error)?.code === status.INVALID_ARGUMENT) return false;
    throw error;
  }
}

function isUnreachable(error: unknown): boolean {
  const code = grpcStatus(error)?.code;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
}
