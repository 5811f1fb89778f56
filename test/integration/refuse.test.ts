import assert from 'node:assert/strict';
import { InterceptingCall } from '@grpc/grpc-js';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { Scheduler, afterJob, cron, defineJob, interval, once, type ScheduledJob } from '../../src/index.ts';
import { createJobWorker, type JobWorkerOptions } from '../../src/worker.ts';
import { testServer } from '../support/servers.ts';
import { System, eventually } from '../support/system.ts';

const mail = defineJob('mail', { payload: z.object({ to: z.email(), copies: z.int().min(1).optional() }) });
const any = defineJob('any', { payload: z.unknown() });

/** What was expected and what came, in one line. */
interface Refusal {
  readonly name: string;
  readonly code: string;
  readonly field?: string;
  readonly message: RegExp;
}

const invalidJob = (field: string, message: RegExp): Refusal => ({
  name: 'InvalidJobError',
  code: 'INVALID_JOB',
  field,
  message,
});
const invalidSchedule = (field: string, message: RegExp): Refusal => ({
  name: 'InvalidScheduleError',
  code: 'INVALID_SCHEDULE',
  field,
  message,
});
const invalidArgument = (message: RegExp): Refusal => ({
  name: 'InvalidArgumentError',
  code: 'INVALID_ARGUMENT',
  message,
});

// What no TypeScript caller can write, and a JavaScript one can.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
const untyped = <Type>(value: unknown): Type => value as Type;
const parsed = (json: string): unknown => JSON.parse(json);
const nested = (levels: number): unknown => (levels === 0 ? 1 : { in: nested(levels - 1) });
const cyclic = (): unknown => {
  const value: unknown[] = [];
  value.push({ value });
  return value;
};

const ids: [string, unknown, RegExp][] = [
  ['empty', '', /^id: expected at least 1 character, got ""$/],
  ['of 201 characters', 'x'.repeat(201), /^id: expected at most 200 characters, got "x+\.\.\."$/],
  ['of 201 emoji', '😀'.repeat(201), /^id: expected at most 200 characters, got "😀+\.\.\."$/u],
  ['with a line feed', 'a\nb', /^id: expected no control characters, got "a\\nb"$/],
  ['with a NUL', 'a\0b', /^id: expected no control characters, got "a\\u0000b"$/],
  ['with a C1 control character', 'a\u0085b', /^id: expected no control characters, got "a\\u0085b"$/],
  ['with half a character', 'a\ud800', /^id: expected well-formed Unicode, got "a\\ud800"$/],
  ['with a double quote', 'a"b', /^id: expected no double quote and no backslash, got "a\\"b"$/],
  ['with a backslash', 'a\\b', /^id: expected no double quote and no backslash, got "a\\\\b"$/],
  ['named __proto__', '__proto__', /^id: expected another name than .*, got "__proto__"$/],
  ['named constructor', 'constructor', /^id: expected another name than .*, got "constructor"$/],
  ['named prototype', 'prototype', /^id: expected another name than .*, got "prototype"$/],
  ["of Temporal's own", 'temporal-sys-scheduler', /^id: expected no id that begins .*, got "temporal-sys-scheduler"$/],
  [
    "of the library's own",
    'temporal-job-scheduler/x',
    /^id: expected no id that begins .*, got "temporal-job-scheduler\/x"$/,
  ],
  ["of a chained job's run", 'a/after/b', /^id: expected no id in the form of a run id, got "a\/after\/b"$/],
  ["of a recurring job's run", 'a-2027-01-01T00:00:00Z', /^id: expected no id in the form of a run id, got /],
  ['that is a number', 7, /^id: expected string, got 7$/],
  ['that is an object', { toString: () => 'x' }, /^id: expected string, got an object$/],
  ['that is null', null, /^id: expected string, got null$/],
];

const fields: [string, object, Refusal][] = [
  ['an empty job type', { jobType: '' }, invalidJob('jobType', /^jobType: expected at least 1 character, got ""$/)],
  [
    'a long job type',
    { jobType: 'x'.repeat(101) },
    invalidJob('jobType', /^jobType: expected at most 100 characters, got "x+\.\.\."$/),
  ],
  [
    'a job type named __proto__',
    { jobType: '__proto__' },
    invalidJob('jobType', /expected another name than .*, got "__proto__"$/),
  ],
  [
    'a job type named constructor',
    { jobType: 'constructor' },
    invalidJob('jobType', /expected another name than .*, got "constructor"$/),
  ],
  [
    'a job type named default',
    { jobType: 'default' },
    invalidJob('jobType', /expected another name than "default", got "default"$/),
  ],
  ['no job type', { jobType: undefined }, invalidJob('jobType', /^jobType: expected string, got undefined$/)],
  [
    'an unknown job type',
    { jobType: 'post' },
    {
      name: 'UnknownJobTypeError',
      code: 'UNKNOWN_JOB_TYPE',
      message: /^jobType: expected one of "mail", "any", got "post"$/,
    },
  ],
  [
    'the job type of a method of every object',
    { jobType: 'hasOwnProperty' },
    {
      name: 'UnknownJobTypeError',
      code: 'UNKNOWN_JOB_TYPE',
      message: /^jobType: expected one of "mail", "any", got "hasOwnProperty"$/,
    },
  ],
  [
    'an unknown field',
    { prioritty: 'high' },
    invalidJob('job', /^job: expected only known fields, got "prioritty": misspelt\?$/),
  ],
  [
    'a field named __proto__',
    parsed('{"__proto__":{"priority":"high"}}') as object,
    invalidJob('job', /got "__proto__"/),
  ],
  [
    'an unknown priority',
    { priority: 'urgent' },
    invalidJob('priority', /^priority: expected one of "high"\|"normal"\|"low", got "urgent"$/),
  ],
  ['a priority of the prototype', { priority: '__proto__' }, invalidJob('priority', /got "__proto__"$/)],
  [
    'an unknown overlap',
    { overlap: 'never' },
    invalidJob('overlap', /^overlap: expected one of "skip".*, got "never"$/),
  ],
  [
    'a timeout of 0',
    { timeout: 0 },
    invalidJob('timeout', /^timeout: expected a duration of at least 1 ms .*, got 0$/),
  ],
  ['a negative timeout', { timeout: -1 }, invalidJob('timeout', /^timeout: expected a duration .*, got -1$/)],
  ['a timeout that is NaN', { timeout: NaN }, invalidJob('timeout', /^timeout: expected a duration .*, got NaN$/)],
  [
    'an infinite timeout',
    { totalTimeout: Infinity },
    invalidJob('totalTimeout', /^totalTimeout: expected a duration .*, got Infinity$/),
  ],
  [
    'a timeout in no known unit',
    { timeout: '5 parsecs' },
    invalidJob('timeout', /^timeout: expected a duration .*, got "5 parsecs"$/),
  ],
  [
    'a negative duration in words',
    { timeout: '-5s' },
    invalidJob('timeout', /^timeout: expected a duration .*, got "-5s"$/),
  ],
  ['a timeout of 11 years', { timeout: '11 years' }, invalidJob('timeout', /at most ten years.*, got "11 years"$/)],
  [
    'a heartbeat timeout below a second',
    { heartbeatTimeout: 999 },
    invalidJob('heartbeatTimeout', /at least 1 second .*, got 999$/),
  ],
  [
    'a catch-up window below 10 seconds',
    { catchupWindow: '9s' },
    invalidJob('catchupWindow', /at least 10 seconds .*, got "9s"$/),
  ],
  [
    'no attempts',
    { retryPolicy: { maximumAttempts: 0 } },
    invalidJob('retryPolicy.maximumAttempts', /expected a whole number .*, got 0$/),
  ],
  [
    'half an attempt',
    { retryPolicy: { maximumAttempts: 1.5 } },
    invalidJob('retryPolicy.maximumAttempts', /expected a whole number .*, got 1.5$/),
  ],
  [
    'a backoff below 1',
    { retryPolicy: { backoffCoefficient: 0.5 } },
    invalidJob('retryPolicy.backoffCoefficient', /expected number to be >=1, got 0.5$/),
  ],
  [
    'a longest wait below the first',
    { retryPolicy: { initialInterval: '9s', maximumInterval: '1s' } },
    invalidJob('retryPolicy.maximumInterval', /expected at least initialInterval, got "1s"$/),
  ],
  [
    'a misspelt retry policy',
    { retryPolicy: { maxAttempts: 3 } },
    invalidJob('retryPolicy', /^retryPolicy: expected only known fields, got "maxAttempts"/),
  ],
  [
    'a prototype in the retry policy',
    { retryPolicy: parsed('{"__proto__":{"maximumAttempts":9}}') },
    invalidJob('retryPolicy', /got "__proto__"/),
  ],
  ['tags that are no list', { tags: 'nightly' }, invalidJob('tags', /^tags: expected array, got "nightly"$/)],
  [
    'a tag with a line feed',
    { tags: ['ok', 'a\nb'] },
    invalidJob('tags.1', /^tags.1: expected no control characters, got "a\\nb"$/),
  ],
  [
    '21 tags',
    { tags: Array.from({ length: 21 }, String) },
    invalidJob('tags', /expected array to have <=20 items, got an array of 21$/),
  ],
];

const schedules: [string, () => unknown, Refusal][] = [
  ['none', () => undefined, invalidSchedule('schedule', /got undefined$/)],
  [
    'a cron string without cron()',
    () => '* * * * *',
    invalidSchedule('schedule', /Expected `schedule` to be .*, got "\* \* \* \* \*"$/),
  ],
  [
    'of an unknown kind',
    () => ({ kind: 'weekly' }),
    invalidSchedule('kind', /one of once, interval, cron, afterJob, got "weekly"$/),
  ],
  [
    'of the kind __proto__',
    () => ({ kind: '__proto__' }),
    invalidSchedule('kind', /one of once, .*, got "__proto__"$/),
  ],
  [
    'with a field named __proto__',
    () => parsed('{"kind":"once","in":1,"__proto__":{}}'),
    invalidSchedule('__proto__', /unknown field "__proto__"$/),
  ],
  [
    'once, at an invalid date',
    () => once(new Date('tomorrow')),
    invalidSchedule('at', /a valid Date .*, got an invalid Date$/),
  ],
  ['once, at no ISO date', () => once('next week'), invalidSchedule('at', /an ISO 8601 string .*, got "next week"$/)],
  ['once, on 30 February', () => once('2027-02-30T00:00:00Z'), invalidSchedule('at', /got "2027-02-30T00:00:00Z"$/)],
  ['once, after the year 2100', () => once('2101-01-01T00:00:00Z'), invalidSchedule('at', /end of 2100, got 2101-/)],
  [
    'once, made by hand with text',
    () => ({ kind: 'once', at: '2027-01-01T00:00:00Z' }),
    invalidSchedule('at', /a valid Date .*, got "2027-/),
  ],
  ['once, in a negative time', () => once({ in: -1 }), invalidSchedule('in', /a duration .*, got -1$/)],
  ['once, in NaN', () => once({ in: NaN }), invalidSchedule('in', /a duration .*, got NaN$/)],
  [
    'an interval below a second',
    () => interval(999),
    invalidSchedule('every', /whole seconds, at least one.*, got 999 ms$/),
  ],
  ['an interval of 0', () => interval(0), invalidSchedule('every', /whole seconds, at least one.*, got 0 ms$/)],
  ['a negative interval', () => interval('-5s'), invalidSchedule('every', /a duration .*, got "-5s"$/)],
  ['an interval that is NaN', () => interval(NaN), invalidSchedule('every', /a duration .*, got NaN$/)],
  [
    'an interval in no known unit',
    () => interval(untyped('1 fortnight')),
    invalidSchedule('every', /a duration .*, got "1 fortnight"$/),
  ],
  ['a cron of 4 fields', () => cron('* * * *'), invalidSchedule('expression', /Expected 5 fields.*, got 4 in/)],
  ['a cron of minute 61', () => cron('61 * * * *'), invalidSchedule('minute', /61/)],
  ['a cron that never matches', () => cron('0 0 30 2 *'), invalidSchedule('expression', /ever due/)],
  [
    'a cron in an unknown zone',
    () => cron('0 2 * * *', { timezone: 'Mars/Olympus' }),
    invalidSchedule('timezone', /an IANA time zone .*, got "Mars\/Olympus"$/),
  ],
  ['after no job', () => afterJob([]), invalidSchedule('jobIds', /1 to 100 job ids .*, got an array of 0$/)],
  ['after a job without a name', () => afterJob(''), invalidSchedule('jobIds', /job ids of 1 to 200 characters/)],
  [
    'after a job with a line feed',
    () => afterJob('a\nb'),
    invalidSchedule('jobIds', /expected no control characters, got "a\\nb"$/),
  ],
  [
    'after __proto__',
    () => afterJob(['a', '__proto__']),
    invalidSchedule('jobIds', /expected another name than .*, got "__proto__"$/),
  ],
  [
    'after an unknown end',
    () => afterJob('a', { on: untyped('whenever') }),
    invalidSchedule('on', /'success', 'failure' or 'completion', got "whenever"$/),
  ],
];

const payloads: [string, () => unknown, string, RegExp][] = [
  ['undefined', () => undefined, 'payload', /^payload: expected a JSON value, got undefined$/],
  ['a function', () => ({ to: () => 'x' }), 'payload.to', /^payload.to: expected a JSON value, got a function$/],
  ['a symbol', () => [Symbol('s')], 'payload[0]', /got Symbol\(s\)$/],
  ['a BigInt', () => ({ n: 5n }), 'payload.n', /^payload.n: expected a JSON value, got 5n$/],
  ['NaN', () => ({ list: [1, NaN] }), 'payload.list[1]', /^payload.list\[1\]: expected a JSON value, got NaN$/],
  ['Infinity', () => -Infinity, 'payload', /got -Infinity$/],
  ['a Date', () => ({ at: new Date(0) }), 'payload.at', /expected a JSON value, got 1970-01-01T00:00:00.000Z$/],
  ['a Map', () => ({ map: new Map() }), 'payload.map', /expected a JSON value, got an instance of Map$/],
  ['an Error', () => new Error('x'), 'payload', /got an instance of Error$/],
  ['bytes', () => ({ file: new Uint8Array(3) }), 'payload.file', /got an instance of Uint8Array$/],
  ['a promise', () => Promise.resolve(1), 'payload', /got an instance of Promise$/],
  ['an undefined list item', () => [undefined], 'payload[0]', /got undefined$/],
  ['a hole in a list', () => [1, , 2], 'payload[1]', /got undefined$/], // eslint-disable-line no-sparse-arrays
  [
    'a key that is a symbol',
    () => ({ [Symbol('key')]: 1 }),
    'payload',
    /expected keys that are text, got Symbol\(key\)$/,
  ],
  [
    'what contains itself',
    cyclic,
    'payload[0].value',
    /^payload\[0\].value: expected a JSON value, got one that contains itself$/,
  ],
  ['201 levels', () => nested(201), 'payload', /^payload: expected at most 200 levels, got more$/],
  [
    '5,000 levels',
    () => parsed(`${'['.repeat(5_000)}${']'.repeat(5_000)}`),
    'payload',
    /^payload: expected at most 200 levels, got more$/,
  ],
  [
    'over 1.9 MB',
    () => 'x'.repeat(1_900_000),
    'payload',
    /^payload: expected at most 1900000 bytes as JSON, got 1900002: store it elsewhere/,
  ],
  [
    'over 1.9 MB in bytes, not in characters',
    () => '€'.repeat(633_334),
    'payload',
    /expected at most 1900000 bytes as JSON, got 1900004/,
  ],
  [
    'a key named constructor',
    () => ({ a: { constructor: 1 } }),
    'payload.a.constructor',
    /expected another key than .*, got "constructor"$/,
  ],
  [
    'a key named prototype',
    () => [{ prototype: 1 }],
    'payload[0].prototype',
    /expected another key than .*, got "prototype"$/,
  ],
  [
    '__proto__ through JSON.parse',
    () => parsed('{"__proto__":{"isAdmin":true}}'),
    'payload.__proto__',
    /expected another key than .*, got "__proto__"$/,
  ],
  [
    '__proto__ deep down',
    () => parsed('{"a":[{"b":{"__proto__":1}}]}'),
    'payload.a[0].b.__proto__',
    /got "__proto__"$/,
  ],
];

const filters: [string, unknown, RegExp][] = [
  ['null', null, /^filter: expected object, got null$/],
  ['a list', [], /^filter: expected object, got an array of 0$/],
  ['an unknown condition', { stat: 'running' }, /^filter: expected only known fields, got "stat": misspelt\?$/],
  ['__proto__', parsed('{"__proto__":{"limit":1}}'), /^filter: expected only known fields, got "__proto__"/],
  ['an unknown state', { state: 'sleeping' }, /^filter.state: expected one of "scheduled"\|.*, got "sleeping"$/],
  ['an unknown kind', { kind: 'daily' }, /^filter.kind: expected one of "once"\|.*, got "daily"$/],
  ['an unknown priority', { priority: 3 }, /^filter.priority: expected one of "high"\|.*, got 3$/],
  ['no job', { limit: 0 }, /^filter.limit: expected number to be >=1, got 0$/],
  ['half a job', { limit: 1.5 }, /^filter.limit: expected int, got 1.5$/],
  ['an empty prefix', { idPrefix: '' }, /^filter.idPrefix: expected at least 1 character, got ""$/],
  [
    'a prefix that would end the quotes',
    { idPrefix: "a\\' OR JobId != '" },
    /^filter.idPrefix: expected no double quote and no backslash/,
  ],
  ['a job type with a quote', { jobType: 'a"' }, /^filter.jobType: expected no double quote/],
  ['a tag with a line feed', { tag: '\n' }, /^filter.tag: expected no control characters, got "\\n"$/],
];

describe('bad input', () => {
  let connection: Connection;
  let client: Client;
  let scheduler: Scheduler<[typeof mail, typeof any]>;
  const taskQueue = `refuse-${process.pid}-${Date.now()}`;
  /** Every call that reached the network. */
  const calls: string[] = [];

  before(async () => {
    const { address } = await testServer();
    connection = await Connection.connect({
      address,
      interceptors: [
        (options, nextCall) => {
          calls.push(options.method_definition?.path.split('/').at(-1) ?? '');
          return new InterceptingCall(nextCall(options));
        },
      ],
    });
    client = new Client({ connection });
    scheduler = await Scheduler.connect({ client, taskQueue, jobs: [mail, any] });
  });
  after(() => connection.close());

  /** The call is refused so, and nothing has gone over the network. */
  async function refused(call: () => unknown, refusal: Refusal): Promise<void> {
    calls.length = 0;
    await assert.rejects(
      async () => call(),
      (error: Error & { code?: string; field?: string }) => {
        const { name, code, field, message } = error;
        assert.match(message, refusal.message);
        assert.deepEqual({ name, code, field }, { name: refusal.name, code: refusal.code, field: refusal.field });
        assert.doesNotMatch(message, /[\n\r]/, 'one line');
        return true;
      },
    );
    assert.deepEqual(calls, []);
  }

  const job = (changes: object = {}) =>
    untyped<ScheduledJob<[typeof mail, typeof any]>>({
      jobType: 'any',
      schedule: once({ in: '1h' }),
      payload: {},
      ...changes,
    });

  it('is told from good input by the same means', async () => {
    calls.length = 0;
    const id = await scheduler.scheduleJob(job({ id: '😀'.repeat(192) + `${Date.now()}`.slice(-8) }));
    assert.equal([...id].length, 200);
    assert.ok(calls.includes('StartWorkflowExecution'), calls.join());
    await scheduler.cancelJob(id);
  });

  describe('in scheduleJob', () => {
    for (const value of [undefined, null, 5, 'backup', []]) {
      it(`is refused as a job that is ${JSON.stringify(value)}`, () =>
        refused(() => scheduler.scheduleJob(untyped(value)), invalidJob('job', /^job: expected object, got /)));
    }
    for (const [what, id, message] of ids) {
      it(`is refused as an id ${what}`, () =>
        refused(() => scheduler.scheduleJob(job({ id })), invalidJob('id', message)));
    }
    for (const [what, changes, refusal] of fields) {
      it(`is refused as ${what}`, () => refused(() => scheduler.scheduleJob(job(changes)), refusal));
    }
    for (const [what, schedule, refusal] of schedules) {
      it(`is refused as a schedule: ${what}`, () =>
        refused(() => scheduler.scheduleJob(job({ schedule: schedule() })), refusal));
    }
    for (const [what, payload, field, message] of payloads) {
      it(`is refused as a payload: ${what}`, () =>
        refused(() => scheduler.scheduleJob(job({ payload: payload() })), invalidJob(field, message)));
    }
    it('is refused as a payload that its definition does not take', async () => {
      const to = 'not an address';
      await refused(
        () => scheduler.scheduleJob(job({ jobType: 'mail', payload: { to } })),
        invalidJob('payload.to', /email.*, got "not an address"$/),
      );
      const payload = { to: 'a@example.com', copies: 0 };
      await refused(
        () => scheduler.scheduleJob(job({ jobType: 'mail', payload })),
        invalidJob('payload.copies', /expected number to be >=1, got 0$/),
      );
    });
    it('is refused as a job after itself', () =>
      refused(() => scheduler.scheduleJob(job({ id: 'self', schedule: afterJob('self') })), {
        name: 'DependencyCycleError',
        code: 'DEPENDENCY_CYCLE',
        message: /expected afterJob\(\) of another job, got afterJob\("self"\), the job itself$/,
      }));
    it('is refused as an unknown onConflict', () =>
      refused(
        () => scheduler.scheduleJob(job(), { onConflict: untyped('overwrite') }),
        invalidArgument(/^onConflict: expected 'error', 'keep' or 'replace', got "overwrite"$/),
      ));
    it('leaves every prototype as it was', async () => {
      for (const payload of [
        parsed('{"__proto__":{"isAdmin":true}}'),
        parsed('{"constructor":{"prototype":{"isAdmin":true}}}'),
      ]) {
        await assert.rejects(scheduler.scheduleJob(job({ payload })));
      }
      assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined);
    });
  });

  describe('in scheduleJobs', () => {
    it('does not keep good jobs from being scheduled, and is told by its place', async () => {
      const id = (word: string) => `${word}-${taskQueue}`;
      const jobs = [
        job({ id: id('a') }),
        job({ id: id('bad'), priority: 'urgent' }),
        untyped<ReturnType<typeof job>>(null),
        job({ id: id('b') }),
      ];
      const { ids: scheduled, failures } = await scheduler.scheduleJobs(jobs);
      assert.deepEqual(scheduled, [id('a'), id('b')]);
      assert.deepEqual(
        failures.map((failure) => [failure.index, failure.id, (failure.error as Error).name]),
        [
          [1, id('bad'), 'InvalidJobError'],
          [2, undefined, 'InvalidJobError'],
        ],
      );
      assert.equal((await scheduler.getJobStatus(id('b'))).state, 'scheduled');
      await assert.rejects(scheduler.getJobStatus(id('bad')), { code: 'JOB_NOT_FOUND' });
      await Promise.all(scheduled.map((each) => scheduler.cancelJob(each)));
    });
    for (const value of [undefined, null, 5, 'jobs', {}]) {
      it(`is refused as jobs that are ${JSON.stringify(value)}`, () =>
        refused(() => scheduler.scheduleJobs(untyped(value)), invalidArgument(/^jobs: expected an array, .*, got /)));
    }
  });

  describe('in the calls for one job', () => {
    const range = { from: new Date(0), to: new Date(1) };
    const callsForOne: [string, (id: string) => Promise<unknown>][] = [
      ['cancelJob', (id) => scheduler.cancelJob(id)],
      ['getJobStatus', (id) => scheduler.getJobStatus(id)],
      ['pauseJob', (id) => scheduler.pauseJob(id)],
      ['resumeJob', (id) => scheduler.resumeJob(id)],
      ['triggerJob', (id) => scheduler.triggerJob(id)],
      ['backfillJob', (id) => scheduler.backfillJob(id, range)],
      ['updateJob', (id) => scheduler.updateJob(id, {})],
      ['listRuns', (id) => scheduler.listRuns(id).next()],
      ['waitForJob', (id) => scheduler.waitForJob(id)],
    ];
    for (const [name, call] of callsForOne) {
      it(`is refused by ${name} as an id of any wrong form`, async () => {
        for (const [, id, message] of ids) await refused(() => call(untyped(id)), invalidJob('id', message));
      });
      it(`is refused by ${name} as an id that names no job`, async () => {
        await assert.rejects(call(`nobody-${taskQueue}`), {
          name: 'JobNotFoundError',
          code: 'JOB_NOT_FOUND',
          jobId: `nobody-${taskQueue}`,
          message: /expected the id of a job on task queue ".*", got "nobody-/,
        });
      });
    }
    for (const reason of ['', 'x'.repeat(501), 5, 'half \ud83d']) {
      it(`is refused as the reason ${JSON.stringify(reason).slice(0, 20)}`, async () => {
        const refusal = invalidArgument(/^reason: expected 1 to 500 characters.*, got /);
        await refused(() => scheduler.cancelJob('a', { reason: untyped(reason) }), refusal);
        await refused(() => scheduler.pauseJob('a', { reason: untyped(reason) }), refusal);
        await refused(() => scheduler.pause({ reason: untyped(reason) }), refusal);
      });
    }
    it('is refused as a limit of runs', async () => {
      for (const limit of [0, -1, 1.5, NaN, '5']) {
        await refused(
          () => scheduler.listRuns('a', { limit: untyped(limit) }).next(),
          invalidArgument(/^limit: expected a whole number of at least 1, got /),
        );
      }
    });
  });

  describe('in updateJob', () => {
    it('is refused as changes that are none', async () => {
      for (const changes of [undefined, null, 'x']) {
        await refused(
          () => scheduler.updateJob('a', untyped(changes)),
          invalidArgument(/^changes: expected an object with what to change, got /),
        );
      }
    });
    it('changes nothing of the job', async () => {
      const id = await scheduler.scheduleJob(job({ schedule: interval('1h'), tags: ['before'] }));
      const read = async () => (await client.schedule.getHandle(id).describe()).raw.schedule;
      const before = await read();
      for (const [, changes, refusal] of fields) {
        if (Object.values(changes).includes(undefined)) continue;
        const { message: _, ...expected } = refusal;
        await assert.rejects(scheduler.updateJob(id, untyped({ tags: ['after'], ...changes })), expected);
      }
      for (const [, payload, field] of payloads) {
        if (payload() !== undefined)
          await assert.rejects(scheduler.updateJob(id, { payload: payload() }), { code: 'INVALID_JOB', field });
      }
      await assert.rejects(scheduler.updateJob(id, { id: 'another' }), {
        code: 'INVALID_JOB',
        field: 'id',
        message: /^id: expected .*, which can't be changed, got "another"/,
      });
      assert.deepEqual(await read(), before);
      await scheduler.cancelJob(id);
    });
  });

  describe('in listJobs and iterateJobs', () => {
    for (const [what, filter, message] of filters) {
      it(`is refused as a filter: ${what}`, async () => {
        await refused(() => scheduler.listJobs(untyped(filter)), invalidArgument(message));
        await refused(() => scheduler.iterateJobs(untyped(filter)).next(), invalidArgument(message));
      });
    }
  });

  describe('in pause and resume', () => {
    for (const until of [new Date('never'), new Date(0), 'tomorrow', 5]) {
      it(`is refused as an end that is ${until instanceof Date ? until.getTime() : JSON.stringify(until)}`, () =>
        refused(
          () => scheduler.pause({ until: untyped(until) }),
          invalidArgument(/^until: expected a Date to come, got /),
        ));
    }
    it('is refused as a wish for what was missed', () =>
      refused(
        () => scheduler.resume({ missed: untyped('all') }),
        invalidArgument(/^missed: expected 'skip' or 'latest', got "all"$/),
      ));
    it('pauses nothing', async () => assert.equal(await scheduler.isPaused(), false));
  });

  describe('in afterJob', () => {
    const stored = async (id: string) => {
      await assert.rejects(client.schedule.getHandle(id).describe(), { name: 'ScheduleNotFoundError' });
      await assert.rejects(client.workflow.getHandle(id).describe(), { name: 'WorkflowNotFoundError' });
      await assert.rejects(client.workflow.getHandle(`temporal-job-scheduler/dependents/${id}`).describe(), {
        name: 'WorkflowNotFoundError',
      });
    };

    it('is refused as a job that does not exist, and nothing is stored', async () => {
      const id = `orphan-${taskQueue}`;
      const missing = `missing-${taskQueue}`;
      await assert.rejects(scheduler.scheduleJob(job({ id, schedule: afterJob(missing) })), {
        name: 'JobNotFoundError',
        code: 'JOB_NOT_FOUND',
        jobId: missing,
        message: /^afterJob: expected the id of a job on task queue ".*", got "missing-/,
      });
      await stored(id);
      await stored(missing);
    });

    it('is refused where one of several does not exist', async () => {
      const id = `orphans-${taskQueue}`;
      const first = await scheduler.scheduleJob(job());
      await assert.rejects(scheduler.scheduleJob(job({ id, schedule: afterJob([first, `missing-${taskQueue}`]) })), {
        code: 'JOB_NOT_FOUND',
      });
      await stored(id);
      await scheduler.cancelJob(first);
    });

    it('is refused as a cycle, and the jobs of the chain stay as they were', async () => {
      const first = await scheduler.scheduleJob(job({ id: `first-${taskQueue}`, schedule: interval('1h') }));
      const second = await scheduler.scheduleJob(job({ id: `second-${taskQueue}`, schedule: afterJob(first) }));
      const third = await scheduler.scheduleJob(job({ id: `third-${taskQueue}`, schedule: afterJob(second) }));
      const read = async () => (await client.schedule.getHandle(first).describe()).raw.schedule;
      const before = await read();
      await assert.rejects(
        scheduler.scheduleJob(job({ id: first, schedule: afterJob(third) }), { onConflict: 'replace' }),
        {
          name: 'DependencyCycleError',
          code: 'DEPENDENCY_CYCLE',
          message: /expected afterJob\(\) of a job that does not follow "first-.*", got "third-/,
        },
      );
      assert.deepEqual(await read(), before);
      await Promise.all([first, second, third].map((id) => scheduler.cancelJob(id)));
    });
  });

  it('has stored nothing that a list would show', async () => {
    const open = await eventually(
      () => scheduler.listJobs(),
      (jobs) => jobs.every(({ state }) => state === 'cancelled'),
    );
    assert.ok(open.length > 0);
  });
});

describe('bad options of Scheduler.connect', () => {
  const cases: [string, object, RegExp][] = [
    ['an empty task queue', { taskQueue: '' }, /^taskQueue: expected 1 to 200 characters .*, got ""$/],
    ['a task queue with half a character', { taskQueue: '\ud800' }, /^taskQueue: expected .*, got "\\ud800"$/],
    ['a task queue with a line feed', { taskQueue: 'a\nb' }, /^taskQueue: .*, got "a\\nb"$/],
    [
      'an address that is a URL',
      { address: 'http://127.0.0.1:7233' },
      /^address: expected host:port, got "http:\/\/127.0.0.1:7233"$/,
    ],
    ['an address with a space', { address: 'my host:7233' }, /^address: expected host:port, got "my host:7233"$/],
    ['an empty address', { address: '' }, /^address: expected host:port, got ""$/],
    ['an address that is a number', { address: 7233 }, /^address: expected host:port, got 7233$/],
    ['an empty namespace', { namespace: '' }, /^namespace: expected the name of a namespace, got ""$/],
    ['an API key with a line end', { apiKey: 'secret\n' }, /^apiKey: expected visible ASCII characters/],
    [
      'TLS settings that are text',
      { tls: 'yes' },
      /^tls: expected true, false or an object with certificates, got "yes"$/,
    ],
    [
      'a certificate that is none',
      { tls: { clientCertPair: { crt: Buffer.from('x'), key: Buffer.from('y') } } },
      /^expected settings to connect with, .*PEM/,
    ],
    ['a call timeout of 0', { callTimeout: 0 }, /^callTimeout: expected whole milliseconds, at least 1, got 0$/],
    ['a call timeout that is NaN', { callTimeout: NaN }, /^callTimeout: .*, got NaN$/],
    ['an endless call timeout', { callTimeout: Infinity }, /^callTimeout: .*, got Infinity$/],
    ['a call timeout in words', { callTimeout: '5s' }, /^callTimeout: .*, got "5s"$/],
    ['an unknown profile', { profile: 'nowhere' }, /^cannot read Temporal's connection settings: .*nowhere/],
  ];
  for (const [what, options, message] of cases) {
    it(`are refused: ${what}`, async () => {
      // Nobody listens there: whatever were tried would take the whole call timeout.
      const started = Date.now();
      const place = { address: '127.0.0.1:1', callTimeout: 5_000 };
      await assert.rejects(Scheduler.connect({ ...place, ...options }), {
        name: 'InvalidArgumentError',
        code: 'INVALID_ARGUMENT',
        message,
      });
      assert.ok(Date.now() - started < 1_000);
    });
  }

  it('does not tell an API key that it refuses', async () => {
    await assert.rejects(
      Scheduler.connect({ apiKey: 'secret\n' }),
      (error: Error) => !error.message.includes('secret'),
    );
  });

  it('are refused: definitions that are none, or two of one type', async () => {
    const { address } = await testServer();
    const wrong: [unknown, RegExp][] = [
      ['mail', /^jobs: expected an array of what defineJob\(\) gives, got "mail"$/],
      [[{ jobType: 'mail' }], /^jobs: expected an array of what defineJob\(\) gives, got an array of 1$/],
      [[null], /^jobs: expected an array/],
      [[mail, any, mail], /^jobs: expected one definition for each job type, got two for "mail"$/],
    ];
    for (const [jobs, message] of wrong) {
      await assert.rejects(Scheduler.connect({ address, jobs: untyped<[]>(jobs) }), {
        code: 'INVALID_ARGUMENT',
        message,
      });
    }
  });
});

describe('bad options of createJobWorker', () => {
  const handler = mail.handler(() => 'sent');
  const cases: [string, object, RegExp][] = [
    [
      'no handlers',
      { handlers: undefined },
      /^handlers: expected at least one of what a job definition's handler\(\) gives, got undefined$/,
    ],
    ['an empty list of handlers', { handlers: [] }, /^handlers: expected at least one .*, got an array of 0$/],
    ['a definition in place of a handler', { handlers: [mail] }, /^handlers: expected /],
    ['a function in place of a handler', { handlers: [() => 1] }, /^handlers: expected /],
    ['a handler without code', { handlers: [mail.handler(untyped('x'))] }, /^handlers: expected /],
    ['null among handlers', { handlers: [handler, null] }, /^handlers: expected /],
    [
      'two handlers of one type',
      { handlers: [handler, any.handler(() => 1), mail.handler(() => 'again')] },
      /^handlers: expected one for each job type, got two for "mail"$/,
    ],
    [
      'no concurrency',
      { handlers: [handler], maxConcurrentJobs: 0 },
      /^maxConcurrentJobs: expected a whole number of at least 1, got 0$/,
    ],
    ['half a job at once', { handlers: [handler], maxConcurrentJobs: 2.5 }, /^maxConcurrentJobs: .*, got 2.5$/],
    ['a wrong task queue', { handlers: [handler], taskQueue: 'a\nb' }, /^taskQueue: expected .*, got "a\\nb"$/],
    [
      'a wrong address',
      { handlers: [handler], address: 'http://here' },
      /^address: expected host:port, got "http:\/\/here"$/,
    ],
  ];
  for (const [what, options, message] of cases) {
    it(`are refused before any call: ${what}`, async () => {
      const place = { address: '127.0.0.1:1', callTimeout: 5_000 };
      const started = Date.now();
      await assert.rejects(createJobWorker(untyped<JobWorkerOptions>({ ...place, ...options })), {
        name: 'InvalidArgumentError',
        code: 'INVALID_ARGUMENT',
        message,
      });
      assert.ok(Date.now() - started < 1_000);
    });
  }
});

describe('bad input that only the worker sees', () => {
  it('ends the run at once: an unknown type, even one that every object has, or a payload that does not fit', async () => {
    await using system = await System.start({
      worker: { handlers: [mail.handler(() => 'sent'), any.handler(() => 'done')] },
    });
    const run = async (jobType: string, payload: unknown) => {
      const id = await system.scheduler.scheduleJob({ jobType, payload, schedule: once(new Date(0)) });
      await assert.rejects(system.scheduler.waitForJob(id), { code: 'JOB_FAILED' });
      return (await system.scheduler.getJobStatus(id)).lastError;
    };
    const errors = await Promise.all([run('post', {}), run('hasOwnProperty', {}), run('mail', { to: 5 })]);
    assert.match(errors[0] ?? '', /no handler for job type "post": this worker has "mail", "any"/);
    assert.match(errors[1] ?? '', /no handler for job type "hasOwnProperty"/);
    assert.match(errors[2] ?? '', /payload\.to/);
  });
});
