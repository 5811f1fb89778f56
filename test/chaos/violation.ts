import type { History } from './history.ts';

/** A promise that was not kept, by the record. */
export interface Violation {
  readonly rule: string;
  readonly job?: string;
  readonly runId?: string;
  readonly at?: number;
  readonly message: string;
}

/** One rule looks at the whole history; what it saw enough of to be worth something it tells as counts. */
export type Rule = (history: History) => { readonly violations: Violation[]; readonly counts?: Record<string, number> };
