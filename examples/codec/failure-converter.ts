// Puts the message and the stack of an error where the codec encrypts them. Temporal loads it by its path, into the
// workflows' sandbox too.
import { DefaultFailureConverter } from '@temporalio/common';

export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
