import assert from 'node:assert/strict';
import {
  decodeScheduleSpec,
  encodeScheduleAction,
  encodeSchedulePolicies,
  encodeScheduleSpec,
  encodeScheduleState,
} from '@temporalio/client/lib/schedule-helpers.js';
import { ScheduleOverlapPolicy, type ScheduleDescription } from '@temporalio/client';
import { defaultDataConverter, TypedSearchAttributes } from '@temporalio/common';
import { decodeScheduleAction } from '@temporalio/client/lib/schedule-helpers.js';
import fc from 'fast-check';
import { onceJob, onceSchedule, toJob } from '../../src/client/from-temporal.ts';
import { infoOfRecord } from '../../src/client/job-info.ts';
import type { WorkflowInfo } from '../../src/client/run.ts';
import {
  hash,
  toAttributes,
  toDefinition,
  toOnceMemo,
  toScheduleOptions,
  toStartOptions,
} from '../../src/client/to-temporal.ts';
import { afterJob, once } from '../../src/index.ts';
import type { Job } from '../../src/job/job.ts';
import { parseJob } from '../../src/job/parse-job.ts';
import type { Definition } from '../../src/workflows/messages.ts';
import { recurringSchedules } from '../job/arbitrary.ts';

const QUEUE = 'jobs';
const createdAt = new Date('2027-03-01T09:00:00.250Z');
const word = fc.string({ minLength: 1, maxLength: 30, unit: fc.constantFrom(..."abcXYZ019-_./ '%é日😀") });
const time = (least: number) => fc.integer({ min: least, max: 86_400_000 });
const json = fc
  .jsonValue()
  .map((value) => JSON.stringify(value))
  .filter((text) => !/__proto__|prototype|constructor/.test(text))
  // Without -0, which JSON does not have.
  .map((text): unknown => JSON.parse(text));

function jobs(schedules: fc.Arbitrary<unknown>): fc.Arbitrary<Job> {
  const options = {
    priority: fc.constantFrom('high', 'normal', 'low'),
    overlap: fc.constantFrom('skip', 'bufferOne', 'bufferAll', 'allowAll', 'cancelOther', 'terminateOther'),
    timeout: time(1),
    totalTimeout: time(1),
    heartbeatTimeout: time(1_000),
    catchupWindow: time(10_000),
    tags: fc.array(word, { maxLength: 5 }),
    retryPolicy: fc.record(
      {
        maximumAttempts: fc.oneof(fc.integer({ min: 1, max: 99 }), fc.constant(Infinity)),
        initialInterval: fc.integer({ min: 1, max: 5_000 }),
        maximumInterval: fc.integer({ min: 5_000, max: 500_000 }),
        backoffCoefficient: fc.double({ min: 1, max: 9, noNaN: true }),
        nonRetryableErrorTypes: fc.array(word, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
  };
  return fc
    .record(
      { id: word, jobType: word, payload: json, schedule: schedules, ...options },
      { requiredKeys: ['id', 'jobType', 'payload', 'schedule'] },
    )
    .map((job) => parseJob({ ...job, schedule: job.schedule }));
}

/** What a description of the schedule answers: through the wire's form and back. */
async function described(options: ReturnType<typeof toScheduleOptions>): Promise<ScheduleDescription> {
  const { action, policies, state, spec, memo } = options;
  const wire = await encodeScheduleAction(defaultDataConverter, 'default', action, {});
  const { overlapPolicy, catchupWindow } = encodeSchedulePolicies(policies);
  const { limitedActions, remainingActions, notes } = encodeScheduleState(state);
  const decoded = await decodeScheduleAction(defaultDataConverter, 'default', wire);
  const words = [
    'UNSPECIFIED',
    'SKIP',
    'BUFFER_ONE',
    'BUFFER_ALL',
    'CANCEL_OTHER',
    'TERMINATE_OTHER',
    'ALLOW_ALL',
  ] as const;
  const name = words[Number(overlapPolicy)];
  return {
    scheduleId: options.scheduleId,
    action: decoded,
    spec: decodeScheduleSpec(encodeScheduleSpec(spec)),
    policies: {
      overlap: name && name !== 'UNSPECIFIED' ? ScheduleOverlapPolicy[name] : undefined,
      catchupWindow: Number(catchupWindow?.seconds) * 1_000 + Number(catchupWindow?.nanos) / 1e6,
    },
    state: { paused: false, note: notes, ...(limitedActions && { remainingActions: Number(remainingActions) }) },
    ...(memo && { memo: JSON.parse(JSON.stringify(memo)) as Record<string, unknown> }),
    typedSearchAttributes: new TypedSearchAttributes(options.typedSearchAttributes),
    info: { nextActionTimes: [], recentActions: [] },
  } as unknown as ScheduleDescription;
}

async function recordOf(job: Job) {
  const description = await described(toScheduleOptions(job, QUEUE, createdAt));
  const [input] = (description.action as unknown as { args: [Definition] }).args;
  return { id: job.id, definition: input, description, note: { kind: 'other', text: '' } as const };
}

const afterJobs = fc
  .record({
    ids: fc.uniqueArray(fc.oneof(word, fc.constant('x'.repeat(200))), { minLength: 1, maxLength: 20 }),
    delay: fc.nat(1_000_000),
    on: fc.constantFrom('success' as const, 'failure' as const, 'completion' as const),
  })
  .map(({ ids, delay, on }) =>
    afterJob(
      ids.map((id) => `before ${id}`.slice(0, 200)),
      { delay, on },
    ),
  );

describe('a job as Temporal has it', () => {
  it('is the same job when it is read back, whatever its schedule and options', () =>
    fc.assert(
      fc.asyncProperty(
        jobs(
          fc.oneof(
            recurringSchedules,
            afterJobs.filter(({ jobIds }) => new Set(jobIds).size === jobIds.length),
          ),
        ),
        async (job) => {
          assert.deepEqual(toJob(await recordOf(job)), { ...job, payload: structuredClone(job.payload) });
        },
      ),
      { numRuns: 100 },
    ));

  it('has in a list what it has in a description, but for what only the definition has', () =>
    fc.assert(
      fc.asyncProperty(jobs(recurringSchedules), async (job) => {
        const { description } = await recordOf(job);
        const info = infoOfRecord(
          { ...description, action: { type: 'startWorkflow', workflowType: 'runJob' } },
          new Map(),
          undefined,
        );
        const { id, jobType, priority, tags } = job;
        assert.deepEqual(
          { id: info.id, jobType: info.jobType, priority: info.priority, tags: info.tags, kind: info.kind },
          { id, jobType, priority, tags: [...tags], kind: job.schedule.kind },
        );
      }),
      { numRuns: 50 },
    ));

  it('is the same once job when it is read back, but for its payload', () =>
    fc.assert(
      fc.property(
        jobs(
          fc.oneof(
            fc.nat(1e9).map((wait) => once({ in: wait })),
            fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((at) => once(at)),
          ),
        ),
        (job) => {
          const options = toStartOptions(job, QUEUE, createdAt);
          const info = {
            workflowId: options.workflowId,
            memo: JSON.parse(JSON.stringify(options.memo)) as Record<string, unknown>,
            typedSearchAttributes: new TypedSearchAttributes(options.typedSearchAttributes as never),
          } as unknown as WorkflowInfo;
          const { payload: _, overlap: _overlap, catchupWindow: _window, ...kept } = job;
          const { payload: _none, overlap: _default, catchupWindow: _day, ...read } = onceJob(info);
          assert.deepEqual(read, kept);
          assert.deepEqual(onceSchedule(info), job.schedule);
        },
      ),
      { numRuns: 100 },
    ));

  it('has search attributes to find it by, and no empty list of tags', () => {
    const job = parseJob({ id: 'a', jobType: 't', payload: 1, schedule: once({ in: 1 }) });
    const names = (attributes: ReturnType<typeof toAttributes>) => attributes.map(({ key }) => key.name);
    assert.deepEqual(names(toAttributes(job, QUEUE)), ['JobId', 'JobType', 'JobKind', 'JobPriority', 'JobQueue']);
    assert.deepEqual(names(toAttributes({ ...job, tags: ['x'] }, QUEUE)).at(-1), 'JobTags');
  });

  it('has nothing that is undefined: such a field would not come back', () => {
    const job = parseJob({ jobType: 't', payload: { a: undefined }, schedule: once({ in: 1 }) });
    for (const part of [toDefinition(job), toOnceMemo(job, createdAt)])
      assert.ok(Object.values(part).every((value) => value !== undefined));
  });

  it('starts after a delay where its time is ahead, and else at once', () => {
    const startOf = (schedule: ReturnType<typeof once>) =>
      toStartOptions(parseJob({ jobType: 't', payload: 1, schedule }), QUEUE, createdAt);
    const ahead = (milliseconds: number) => once(new Date(createdAt.getTime() + milliseconds));
    assert.equal(startOf(ahead(1)).startDelay, 1);
    assert.equal(startOf(ahead(1_000)).startDelay, 1_000);
    assert.equal(startOf(once({ in: '1.5s' })).startDelay, 1_500);
    for (const schedule of [ahead(0), once(new Date(0))]) assert.ok(!('startDelay' in startOf(schedule)));
  });
});

describe('the hash of a payload', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, item]) => [key, reversed(item)]),
    );
  };

  it('is the same whatever the order of keys, and after a way through JSON', () =>
    fc.assert(
      fc.property(json, (payload) => {
        assert.equal(hash(reversed(payload)), hash(payload));
        assert.equal(hash(JSON.parse(JSON.stringify(payload))), hash(payload));
      }),
    ));

  it('is another one for another value', () => {
    const values = [
      null,
      0,
      1,
      '',
      '1',
      false,
      [],
      {},
      [1],
      [[1]],
      { a: 1 },
      { a: '1' },
      { b: 1 },
      { a: [1, 2] },
      { a: [2, 1] },
      'null',
    ];
    assert.equal(new Set(values.map(hash)).size, values.length);
  });

  it('takes a key that is undefined for one that is not there', () => {
    assert.equal(hash({ a: 1, b: undefined }), hash({ a: 1 }));
  });
});
