import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { InvalidArgumentError, once } from '../../src/index.ts';
import { checkMetrics } from '../../src/metrics.ts';
import { Child } from './fixtures/child.ts';
import { System, eventually } from '../support/system.ts';

const DEPLOY = new URL('../../deploy/', import.meta.url);

/** A port that is free just now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('metrics', () => {
  let scraped: string;
  before(async () => {
    await using system = await System.start({ worker: false });
    const prometheus = `127.0.0.1:${await freePort()}`;
    const { address, taskQueue, scheduler } = system;
    await using worker = Child.start('worker', { address, taskQueue, metrics: { prometheus } });
    await worker.says('ready');
    const run = (payload: unknown) => scheduler.scheduleJob({ jobType: 'errand', payload, schedule: once({ in: 0 }) });
    const [good, bad] = await Promise.all([run({ work: 50 }), run({ work: 'hard' })]);
    await scheduler.waitForJob(good);
    await assert.rejects(scheduler.waitForJob(bad));
    scraped = await eventually(
      async () => (await fetch(`http://${prometheus}/metrics`)).text(),
      (text) => /job_runs_total\{.*outcome="completed"/.test(text) && /job_runs_total\{.*outcome="failed"/.test(text),
    );
  });

  /** The sum of all samples of a metric with these labels. */
  const valueOf = (metric: string, ...labels: string[]) =>
    scraped
      .split('\n')
      .filter((line) => line.startsWith(`${metric}{`) && labels.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);

  it('count runs by job type and outcome', () => {
    assert.equal(valueOf('job_runs_total', 'job_type="errand"', 'outcome="completed"'), 1);
    assert.equal(valueOf('job_runs_total', 'job_type="errand"', 'outcome="failed"'), 1);
  });

  it('have lateness, wait and handler time in seconds', () => {
    for (const metric of ['job_lateness_seconds', 'job_queue_wait_seconds', 'job_handler_seconds'])
      assert.equal(valueOf(`${metric}_count`, 'job_type="errand"'), 1, metric);
    const took = valueOf('job_handler_seconds_sum', 'outcome="completed"');
    assert.ok(took >= 0.05 && took < 10, `${took}`);
  });

  it('have every metric that the dashboard and the alerts ask for', () => {
    const texts = ['grafana/jobs.json', 'prometheus/alerts.yaml'].map((path) =>
      readFileSync(new URL(path, DEPLOY), 'utf8'),
    );
    const asked = new Set(
      texts.flatMap((text) => [...text.matchAll(/\b(?:job|temporal)_[a-z_]+(?=\{|\[|,)/g)].map(([name]) => name)),
    );
    // Nothing has failed here: the server answered every call.
    const unseen = [...asked].filter(
      (name) => !scraped.includes(`${name}{`) && name !== 'temporal_request_failure_total',
    );
    assert.deepEqual(unseen, []);
    assert.ok(asked.size >= 6, [...asked].join(', '));
  });

  it('are refused before anything is started where the address is none', () => {
    for (const metrics of [{}, null, { prometheus: 'everywhere' }, { prometheus: 9464 }])
      assert.throws(() => checkMetrics(metrics), InvalidArgumentError);
  });
});
