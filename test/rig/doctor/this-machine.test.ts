import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKS } from '../../../rig/doctor/checks/index.ts';
import { runDoctor } from '../../../rig/doctor/doctor.ts';
import { thisMachine } from '../../../rig/doctor/machine.ts';
import { fakeIo } from '../console/fake-io.ts';

/** The probes are TypeScript here, not built. */
const machine = thisMachine(process.env, ['--import', 'tsx']);

let folder: string;
let server: Server;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-doctor-'));
  server = createServer().listen(join(folder, 'open'));
  await new Promise((resolve) => server.once('listening', resolve));
  writeFileSync(join(folder, 'hangs'), '#!/bin/sh\necho begun\nsleep 5\n');
  writeFileSync(join(folder, 'fails'), '#!/bin/sh\necho out; echo err >&2; exit 3\n');
  for (const name of ['hangs', 'fails']) chmodSync(join(folder, name), 0o755);
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('looking at this machine', () => {
  it('keeps what a program said and how it ended', async () => {
    expect(await machine.run(join(folder, 'fails'), [], 5000)).toEqual({
      outcome: 'exited',
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('ends a program that hangs, a child of it that holds the pipes notwithstanding', async () => {
    const ran = await machine.run(join(folder, 'hangs'), [], 300);
    expect(ran).toEqual({ outcome: 'killed', exitCode: 0, stdout: 'begun\n', stderr: '' });
  });

  it('knows a program that is not there', async () => {
    expect((await machine.run(join(folder, 'absent'), [], 5000)).outcome).toBe('absent');
    expect(machine.findProgram('vitap-no-such-program')).toBeNull();
    expect(machine.findProgram('sh')).toMatch(/\/sh$/);
  });

  it.each([
    ['open', 'open'],
    ['absent', 'absent'],
    ['fails', 'refused'],
  ])('a socket %s is %s', async (name, expected) => {
    expect(await machine.probeSocket(join(folder, name), 2000)).toBe(expected);
  });

  it('reads nothing where there is nothing', () => {
    expect(machine.readText(join(folder, 'absent'))).toBeNull();
    expect(machine.list(join(folder, 'absent'))).toEqual([]);
    expect(machine.mayUse(join(folder, 'absent'))).toBe(false);
  });
});

describe('the doctor on this machine', () => {
  it('looks at everything and comes to its end', async () => {
    const io = fakeIo({ json: true, env: process.env });
    // Measuring would put a card into the machine's own reader.
    const harmless = CHECKS.filter((check) => check.id !== 'vpcd-delay');
    const exitCode = await runDoctor(io, machine, harmless);
    const report = JSON.parse(io.out.join('')) as { verdict: string; checks: { id: string; verdict: string }[] };
    expect(report.checks.map((each) => each.id)).toEqual(harmless.map((check) => check.id));
    expect(report.checks.find((each) => each.id === 'node')?.verdict).toBe('pass');
    expect(exitCode).toBe(report.verdict === 'fail' ? 1 : 0);
  }, 60_000);

  it('has a description of every check', () => {
    const papers = readFileSync(fileURLToPath(new URL('../../../docs/command-line.md', import.meta.url)), 'utf8');
    for (const { id } of CHECKS) expect(papers, id).toContain(`\`${id}\``);
    expect(new Set(CHECKS.map((check) => check.id)).size).toBe(CHECKS.length);
  });
});
