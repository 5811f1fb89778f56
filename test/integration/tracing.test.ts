import assert from 'node:assert/strict';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { Resource } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';
import { Client, Connection } from '@temporalio/client';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry';
import { Scheduler, afterJob, once } from '../../src/index.ts';
import { System } from '../support/system.ts';

describe('traces', () => {
  const exporter = new InMemorySpanExporter();
  const spanProcessor = new SimpleSpanProcessor(exporter);
  const provider = new BasicTracerProvider({ spanProcessors: [spanProcessor] });
  const plugin = new OpenTelemetryPlugin({ resource: new Resource({ 'service.name': 'jobs' }), spanProcessor });
  before(() => provider.register({ contextManager: new AsyncLocalStorageContextManager().enable() }));
  after(async () => {
    await provider.shutdown();
    trace.disable();
    context.disable();
  });

  it('lead from scheduleJob to the handler, and on through the chain', async () => {
    await using system = await System.start({ worker: { plugins: [plugin] } });
    const { address, taskQueue } = system;
    const client = new Client({ connection: await Connection.connect({ address }), plugins: [plugin] });
    const scheduler = await Scheduler.connect({ client, taskQueue });
    const tracer = trace.getTracer('test');
    const [first, second] = [system.name('first'), system.name('second')];
    system.on(() => tracer.startActiveSpan('in the handler', (span) => span.end()));
    await tracer.startActiveSpan('order', async (span) => {
      await scheduler.scheduleJob({ id: first, jobType: 'task', schedule: once({ in: '1s' }), payload: {} });
      await scheduler.scheduleJob({ id: second, jobType: 'task', schedule: afterJob(first), payload: {} });
      span.end();
    });
    await scheduler.waitForJob(second);
    await scheduler.close();
    await client.connection.close();

    const spans = exporter.getFinishedSpans();
    const order = spans.find(({ name }) => name === 'order');
    assert.ok(order);
    const handlers = spans.filter(({ name }) => name === 'in the handler');
    assert.equal(handlers.length, 2);
    for (const span of handlers) assert.equal(pathTo(order, span, spans).at(-1), 'order', span.spanContext().traceId);
    const [inFirst = [], inSecond = []] = handlers.map((span) => pathTo(order, span, spans));
    assert.ok(inFirst.some((name) => /runJob/.test(name)) && inFirst.some((name) => /task/.test(name)), inFirst.join());
    assert.ok(inSecond.length > inFirst.length, 'the chained run hangs on the run it follows');
  });
});

/** The names from a span up to an outer one. */
function pathTo(outer: ReadableSpan, span: ReadableSpan, all: readonly ReadableSpan[]): string[] {
  const names = [span.name];
  let inner: ReadableSpan | undefined = span;
  while (inner && inner !== outer) {
    const parent: string | undefined = inner.parentSpanId;
    inner = all.find((other) => other.spanContext().spanId === parent);
    if (inner) names.push(inner.name);
  }
  return names;
}
