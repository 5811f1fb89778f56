import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { eventually } from './system.ts';

/** A namespace that lacks our search attributes, and that the server knows of by now. */
export async function bareNamespace(address: string): Promise<string> {
  const namespace = `bare-${randomUUID().slice(0, 8)}`;
  const connection = await Connection.connect({ address });
  const { workflowService, operatorService } = connection;
  await workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await eventually(
    () => operatorService.listSearchAttributes({ namespace }).catch(() => undefined),
    (answer) => answer !== undefined,
  );
  await connection.close();
  return namespace;
}
