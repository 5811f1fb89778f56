/**
 * The client half and the words of the domain. Loads no worker.
 *
 * @module
 */
export type { AppliedJobs, ApplyOptions, JobDifference } from './client/apply.ts';
export type { BulkOptions, BulkResult } from './client/bulk.ts';
export type { ConnectionSettings } from './client/connect.ts';
export type { OnConflict } from './client/create.ts';
export { progressBar, type OnProgress, type Progress } from './client/progress.ts';
export { Scheduler, type ScheduledJobs, type SchedulerOptions } from './client/scheduler.ts';
export { defineJob, type JobContext, type JobDefinition, type JobHandler, type JobLogger } from './job/definition.ts';
export type { Duration } from './job/duration.ts';
export * from './job/errors.ts';
export type { JobFilter } from './job/filter.ts';
export type * from './job/job.ts';
export { explainSchedule } from './job/explain-schedule.ts';
export { nextRunTimes, type NextRunTimesOptions } from './job/next-run-times.ts';
export * from './job/schedule-builders.ts';
export type * from './job/schedule.ts';
export type * from './job/status.ts';
export { toScheduleSpec } from './job/to-schedule-spec.ts';
