import assert from 'node:assert/strict';
import { barOn } from '../../src/client/progress.ts';

function stream(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string | Uint8Array) => written.push(String(text)) > 0 };
}

describe('a progress bar', () => {
  it('says how far it is, and is gone at the end', () => {
    const terminal = stream(true);
    const show = barOn(terminal, 'scheduling');
    show({ done: 1, total: 4 });
    show({ done: 4, total: 4 });
    assert.deepEqual(terminal.written, ['\r\u001b[Kscheduling ██████░░░░░░░░░░░░░░░░░░ 1 of 4', '\r\u001b[K']);
  });

  it('counts where nobody knows of how many', () => {
    const terminal = stream(true);
    barOn(terminal, 'scheduling')({ done: 12 });
    assert.deepEqual(terminal.written, ['\r\u001b[Kscheduling 12']);
  });

  it('does not write a line for each of thousands', () => {
    const terminal = stream(true);
    const show = barOn(terminal, 'scheduling');
    const began = performance.now();
    for (let done = 1; done <= 10_000; done++) show({ done, total: 10_000 });
    // One to begin with, one each 100 ms, and the last.
    const most = 2 + Math.ceil((performance.now() - began) / 100);
    assert.ok(terminal.written.length <= most, `${terminal.written.length} of at most ${most}`);
  });

  it('is quiet where there is no terminal', () => {
    const file = stream(false);
    const show = barOn(file, 'scheduling');
    for (const done of [1, 2]) show({ done, total: 2 });
    assert.deepEqual(file.written, []);
  });
});
