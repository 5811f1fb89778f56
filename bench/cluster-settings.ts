// What settings of a running cluster give, one change at a time against its defaults, through its dynamic configuration file:
// `node --import tsx bench/cluster-settings.ts --address HOST:PORT --dynamic FILE [--rounds 3]`. The file is put back.
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { machine } from './machine.ts';
import { median } from './pairs.ts';
import { probe, type Probed } from './probe.ts';
import { number } from './report.ts';
import { quiet } from './sides.ts';

/** The server reads the file again every ten seconds. */
const IS_READ_WITHIN = 12_000;

const ALL = {
  'history.timerProcessorMaxTimeShift': '50ms',
  'history.transferProcessorMaxPollRPS': '2000',
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
};
const CANDIDATES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'the defaults': {},
  'history.timerProcessorMaxTimeShift: 50ms': { 'history.timerProcessorMaxTimeShift': '50ms' },
  'history.transferProcessorMaxPollRPS: 2000': { 'history.transferProcessorMaxPollRPS': '2000' },
  'one partition (read and write)': {
    'matching.numTaskqueueReadPartitions': '1',
    'matching.numTaskqueueWritePartitions': '1',
  },
  'all of these': ALL,
};

const { values } = parseArgs({
  options: { address: { type: 'string' }, dynamic: { type: 'string' }, rounds: { type: 'string', default: '3' } },
});
const { address, dynamic } = values;
if (address === undefined || dynamic === undefined) throw new Error('expected --address HOST:PORT and --dynamic FILE');

quiet();
const before = readFileSync(dynamic, 'utf8');
const found = new Map<string, Probed[]>();
try {
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, settings] of Object.entries(CANDIDATES)) {
      const lines = Object.entries(settings).map(([key, value]) => `${key}:\n  - value: ${value}\n`);
      writeFileSync(dynamic, lines.join('') || '{}\n');
      await sleep(IS_READ_WITHIN);
      found.set(name, [...(found.get(name) ?? []), await probe(address)]);
      console.error(`round ${round + 1}: ${name}`);
    }
  }
} finally {
  writeFileSync(dynamic, before);
}
const rows = [...found].map(([setting, probed]) => {
  const of = (key: keyof Probed) => median(probed.map((one) => one[key]));
  const times = { onceNow: of('onceNow'), onceNowP99: of('onceNowP99'), late: of('late'), listed: of('listed') };
  return { setting, ...times, scheduleJob: of('scheduleJob'), runs: of('runs') };
});
console.log(
  '| setting | once-now p50, ms | p99 | 300 ms ahead: late, ms | listed after, ms | scheduleJob, ms | runs/s |',
);
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const { setting, ...figures } of rows)
  console.log(`| ${[setting, ...Object.values(figures).map(number)].join(' | ')} |`);
const results = { machine: machine(), rounds: Number(values.rounds), rows };
writeFileSync(new URL('./cluster-settings.json', import.meta.url), `${JSON.stringify(results, undefined, 2)}\n`);
