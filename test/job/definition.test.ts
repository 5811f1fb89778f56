import assert from 'node:assert/strict';
import { z } from 'zod';
import { Catalogue } from '../../src/job/catalogue.ts';
import { defineJob, once, type JobContext, type JobHandler, type ScheduledJob } from '../../src/index.ts';

const mail = defineJob('mail', {
  payload: z.object({ to: z.string(), copies: z.int().min(1).default(1) }),
  priority: 'high',
});
const sweep = defineJob('sweep', { payload: z.object({ days: z.string().transform(Number) }) });
const schedule = once({ in: '1h' });
type Known = ScheduledJob<[typeof mail, typeof sweep]>;

describe('a job definition', () => {
  it('has its type, its schema and its defaults', () => {
    assert.equal(mail.jobType, 'mail');
    assert.deepEqual(mail.defaults, { priority: 'high' });
    mail.jobType satisfies 'mail';
  });

  it('gives its handler the payload as the schema makes it', () => {
    const handler = mail.handler((payload, context) => {
      payload satisfies { to: string; copies: number };
      context satisfies JobContext;
      // @ts-expect-error the schema has no such field
      return String(payload.subject);
    });
    handler satisfies JobHandler;
    assert.equal(handler.definition, mail);
    sweep.handler(({ days }) => days satisfies number);
  });

  it('types the payload of a job by its type, as the schema takes it', () => {
    const good = [
      { jobType: 'mail', payload: { to: 'a' }, schedule },
      { jobType: 'sweep', payload: { days: '7' }, schedule },
    ] satisfies Known[];
    assert.equal(good.length, 2);
    // @ts-expect-error the payload of the other type
    ({ jobType: 'mail', payload: { days: '7' }, schedule }) satisfies Known;
    // @ts-expect-error what the schema gives, not what it takes
    ({ jobType: 'sweep', payload: { days: 7 }, schedule }) satisfies Known;
    // @ts-expect-error no such type
    ({ jobType: 'post', payload: {}, schedule }) satisfies Known;
    // @ts-expect-error no such option
    ({ jobType: 'mail', payload: { to: 'a' }, schedule, prioritty: 'high' }) satisfies Known;
    // Without definitions any type will do.
    ({ jobType: 'post', payload: 5, schedule }) satisfies ScheduledJob;
  });

  const wrong: [string, () => unknown, RegExp][] = [
    [
      'a type without characters',
      () => defineJob('', { payload: z.any() }),
      /^jobType: expected at least 1 character, got ""$/,
    ],
    ['a type named __proto__', () => defineJob('__proto__', { payload: z.any() }), /^jobType: expected another name/],
    ['a type that is a number', () => defineJob(5 as never, { payload: z.any() }), /^jobType: expected string, got 5$/],
    [
      'no contract',
      () => defineJob('a', undefined as never),
      /^defineJob\("a"\): expected \{ payload: a zod schema, \.\.\. \}, got undefined$/,
    ],
    [
      'a schema that is none',
      () => defineJob('a', { payload: { to: 'text' } as never }),
      /expected \{ payload: a zod schema, \.\.\. \}, got \{ payload: an object \}$/,
    ],
    [
      'a misspelt default',
      () => defineJob('a', { payload: z.any(), timout: 1 } as never),
      /^defaults: expected only known fields, got "timout": misspelt\?$/,
    ],
    [
      'a default that is wrong',
      () => defineJob('a', { payload: z.any(), timeout: -1 }),
      /^timeout: expected a duration .*, got -1$/,
    ],
    [
      'an id as a default',
      () => defineJob('a', { payload: z.any(), id: 'x' } as never),
      /^defaults: expected only known fields, got "id"/,
    ],
  ];
  for (const [what, define, message] of wrong) {
    it(`is refused with ${what}`, () => assert.throws(define, { message }));
  }
});

describe('the definitions of a scheduler', () => {
  const catalogue = new Catalogue([mail, sweep]);
  const job = { jobType: 'mail', payload: { to: 'a' }, schedule };

  it('complete a job of a known type with its defaults', async () => {
    const { priority, payload } = await catalogue.parse(job);
    assert.equal(priority, 'high');
    assert.deepEqual(payload, { to: 'a' }, 'what was given is stored: the worker applies the schema itself');
    assert.equal((await catalogue.parse({ ...job, priority: 'low' })).priority, 'low');
  });

  it('refuse a job of another type, saying which there are', async () => {
    await assert.rejects(catalogue.parse({ ...job, jobType: 'post' }), {
      name: 'UnknownJobTypeError',
      message: 'jobType: expected one of "mail", "sweep", got "post"',
    });
    await assert.rejects(new Catalogue([]).parse(job), { message: 'jobType: expected one of none, got "mail"' });
  });

  it('refuse a payload that the schema does not take, saying what came', async () => {
    await assert.rejects(catalogue.parse({ ...job, payload: { to: 'a', copies: 0 } }), {
      name: 'InvalidJobError',
      field: 'payload.copies',
      message: 'payload.copies: expected number to be >=1, got 0',
    });
    await assert.rejects(catalogue.parse({ ...job, payload: 'a' }), {
      field: 'payload',
      message: 'payload: expected object, got "a"',
    });
  });

  it('may check a payload in their own time', async () => {
    const slow = defineJob('slow', {
      payload: z.string().refine(async (text) => text !== 'taken', { error: 'expected a free name' }),
    });
    const slowly = new Catalogue([slow]);
    await slowly.parse({ jobType: 'slow', payload: 'free', schedule });
    await assert.rejects(slowly.parse({ jobType: 'slow', payload: 'taken', schedule }), {
      message: 'payload: expected a free name, got "taken"',
    });
  });

  it('are not asked where a scheduler has none: any type, any JSON', async () => {
    assert.deepEqual((await new Catalogue(undefined).parse({ ...job, jobType: 'any', payload: [1] })).payload, [1]);
  });
});
