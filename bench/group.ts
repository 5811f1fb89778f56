import type { Comparison, Figure } from './pairs.ts';
import type { Sides } from './sides.ts';

/** What the groups of figures are given. */
export interface Bench {
  readonly sides: Sides;
  readonly isQuick: boolean;
  /** Measures one comparison, and keeps its figures. */
  readonly compare: (comparison: Comparison) => Promise<void>;
  /** Keeps a figure that is no comparison in pairs. */
  readonly add: (figure: Figure) => void;
}

/** Figures that belong together. */
export interface Group {
  readonly name: string;
  readonly measure: (bench: Bench) => Promise<void>;
}
