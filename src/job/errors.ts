/** What went wrong, for code that has to tell cases apart. */
export type SchedulerErrorCode =
  | 'INVALID_ARGUMENT'
  | 'INVALID_JOB'
  | 'INVALID_SCHEDULE'
  | 'UNKNOWN_JOB_TYPE'
  | 'JOB_ALREADY_EXISTS'
  | 'JOB_NOT_FOUND'
  | 'JOB_NOT_CHANGEABLE'
  | 'DEPENDENCY_CYCLE'
  | 'TOO_MANY_DEPENDENTS'
  | 'JOB_FAILED'
  | 'CONCURRENT_UPDATE'
  | 'SEARCH_ATTRIBUTES_MISSING'
  | 'PERMISSION_DENIED'
  | 'UNAVAILABLE';

/** The base of every error this library throws. `code` tells which; `cause` keeps what was underneath. */
export class SchedulerError extends Error {
  readonly code: SchedulerErrorCode;

  constructor(code: SchedulerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An argument other than a job or a schedule is not what the call takes. Refused before any call to the server. */
export class InvalidArgumentError extends SchedulerError {
  constructor(message: string, options?: ErrorOptions) {
    super('INVALID_ARGUMENT', message, options);
  }
}

/** A job's field is not what it must be. `field` names it, as a path such as `retryPolicy.maximumAttempts`. */
export class InvalidJobError extends SchedulerError {
  readonly field: string;

  constructor(field: string, message: string, options?: ErrorOptions) {
    super('INVALID_JOB', message, options);
    this.field = field;
  }
}

/** A schedule cannot be understood, or would never run. `field` names the part that is wrong. */
export class InvalidScheduleError extends SchedulerError {
  readonly field: string;

  constructor(field: string, message: string, options?: ErrorOptions) {
    super('INVALID_SCHEDULE', message, options);
    this.field = field;
  }
}

/** The job type is not among the definitions that the scheduler was connected with. */
export class UnknownJobTypeError extends SchedulerError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNKNOWN_JOB_TYPE', message, options);
  }
}

/** The id names a job already, and that job's definition is another one. */
export class JobAlreadyExistsError extends SchedulerError {
  readonly jobId: string;

  constructor(jobId: string, message: string, options?: ErrorOptions) {
    super('JOB_ALREADY_EXISTS', message, options);
    this.jobId = jobId;
  }
}

/** No job of that id is known to this scheduler. */
export class JobNotFoundError extends SchedulerError {
  readonly jobId: string;

  constructor(jobId: string, message: string, options?: ErrorOptions) {
    super('JOB_NOT_FOUND', message, options);
    this.jobId = jobId;
  }
}

/** The job is in a state, or of a kind, that does not allow what was asked. */
export class JobNotChangeableError extends SchedulerError {
  readonly jobId: string;

  constructor(jobId: string, message: string, options?: ErrorOptions) {
    super('JOB_NOT_CHANGEABLE', message, options);
    this.jobId = jobId;
  }
}

/** An `afterJob` schedule would make a job wait for itself, directly or through others. */
export class DependencyCycleError extends SchedulerError {
  constructor(message: string, options?: ErrorOptions) {
    super('DEPENDENCY_CYCLE', message, options);
  }
}

/** A job has as many dependents as one job may have (1,000). */
export class TooManyDependentsError extends SchedulerError {
  constructor(message: string, options?: ErrorOptions) {
    super('TOO_MANY_DEPENDENTS', message, options);
  }
}

/** The run that was waited for did not complete: it failed, or was cancelled or terminated. */
export class JobFailedError extends SchedulerError {
  readonly jobId: string;

  constructor(jobId: string, message: string, options?: ErrorOptions) {
    super('JOB_FAILED', message, options);
    this.jobId = jobId;
  }
}

/** Somebody else changed the job at the same moment. Nothing of this change was kept: look, and call again. */
export class ConcurrentUpdateError extends SchedulerError {
  readonly jobId: string;

  constructor(jobId: string, message: string, options?: ErrorOptions) {
    super('CONCURRENT_UPDATE', message, options);
    this.jobId = jobId;
  }
}

/** The namespace lacks the search attributes that jobs are found by, and we may not add them. */
export class SearchAttributesMissingError extends SchedulerError {
  constructor(message: string, options?: ErrorOptions) {
    super('SEARCH_ATTRIBUTES_MISSING', message, options);
  }
}

/** The server refuses this client what it asked. `call` names the call of its API that it refused, where that is known. */
export class PermissionDeniedError extends SchedulerError {
  readonly call: string | undefined;

  constructor(message: string, { call, ...options }: ErrorOptions & { readonly call?: string } = {}) {
    super('PERMISSION_DENIED', message, options);
    this.call = call;
  }
}

/** The server cannot be reached, or did not answer in time. Whether a change was made is not known: call again. */
export class SchedulerUnavailableError extends SchedulerError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNAVAILABLE', message, options);
  }
}
