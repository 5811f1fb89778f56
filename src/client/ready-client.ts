import type { Client } from '@temporalio/client';
import { checkTaskQueue } from './check-options.ts';
import { connectClient, type ConnectionSettings } from './connect.ts';
import { mapErrors, type Place } from './map-error.ts';
import { ensureSearchAttributes } from './search-attributes.ts';

export interface ReadyClient {
  readonly client: Client;
  readonly place: Place;
}

/** A client of a namespace in which jobs can be found: the one that is given, or one of its own. */
export async function readyClient(
  options: ConnectionSettings & { readonly client?: Client; readonly taskQueue?: string },
): Promise<ReadyClient> {
  checkTaskQueue(options.taskQueue);
  const connected = options.client
    ? { client: options.client, place: placeOf(options.client) }
    : await connectClient(options);
  try {
    await mapErrors(connected.place, () => ensureSearchAttributes(connected.client));
    return connected;
  } catch (error) {
    if (!options.client) await connected.client.connection.close();
    throw error;
  }
}

function placeOf(client: Client): Place {
  const { address = 'the client it was given' } =
    (client.connection as { options?: { address?: string } }).options ?? {};
  return { address, namespace: client.options.namespace };
}
