/**
 * The workflows, for an application that bundles its own with ours:
 * `export * from 'temporal-job-scheduler/workflows'` in the file that `workflowsPath` names.
 *
 * @module
 */
export { dependents } from './dependents.ts';
export { runJob } from './run-job.ts';
export { resumeLater } from './resume-later.ts';
export { sweep } from './sweep.ts';
