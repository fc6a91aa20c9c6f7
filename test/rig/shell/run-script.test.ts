import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_CHANNEL } from '../../../rig/channel/choice.ts';
import type { ApduOptions } from '../../../rig/shell/options.ts';
import { runScript } from '../../../rig/shell/run-script.ts';
import { type FakeIo, fakeIo } from '../console/fake-io.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-apdu-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const CODE = '274916';
const CODE_HEX = '323734393136';
const SELECT_OWN = '00A4040C0AF0617043562D454D5501';

/** A fresh card of profile vitale2, in process. */
const OPTIONS: ApduOptions = {
  reader: { driver: 'loopback' },
  card: { kind: 'profile', name: 'vitale2' },
  interface: null,
  record: { file: null, keepSecrets: false },
  pinFile: null,
  channel: NO_CHANNEL,
  timeoutMs: 1000,
  keepGoing: false,
  explain: true,
  commands: [],
};

interface Ran {
  readonly exit: number;
  readonly text: string;
  readonly io: FakeIo;
}

async function run(script: string | string[], more: Partial<ApduOptions> = {}, env = {}, json = false): Promise<Ran> {
  const io = fakeIo({ json, env: { XDG_STATE_HOME: folder, ...env } });
  const options: ApduOptions = { ...OPTIONS, commands: typeof script === 'string' ? [] : script, ...more };
  const exit = await runScript(options, io, 'vitap apdu', Readable.from([Buffer.from(String(script))]));
  return { exit, text: io.out.join(''), io };
}

describe('vitap apdu', () => {
  it('shows command, answer, data objects, words, and why it was refused', async () => {
    const { exit, text } = await run(['00A4020402D00100', SELECT_OWN, '00B2011400']);
    expect(exit).toBe(0);
    expect(text).toContain('> 00A4020402D00100\n  SELECT of an EF of the current DF, 2 bytes of data\n');
    expect(text).toMatch(/\n {2}9000 no error, \d+\.\d{3} ms\n {4}62 file control parameters\n/);
    expect(text).toContain('      83 file identifier  D001\n');
    expect(text).toMatch(/< 6982\n {2}6982 security status not satisfied, /);
    expect(text).toContain('  why: READ RECORD of E002 by contact needs code 81 verified in this session; it is not');
  });

  it.each([
    [[`${SELECT_OWN}=9000`, '00B2011400=6982'], 0],
    [[`${SELECT_OWN}=90XX`], 0],
    [['0020008106313131313131=6XXX'], 0],
    [[`${SELECT_OWN}=9001`], 1],
    [['00A4000400=61XX'], 1],
  ])('%j: exit %i', async (commands, exit) => expect((await run(commands)).exit).toBe(exit));

  it('stops at a status word that differs, and goes on when it is told to', async () => {
    const stopped = await run([`${SELECT_OWN}=6A82`, '00B2011400', '00B2011400']);
    expect(stopped.exit).toBe(1);
    expect(stopped.text).toContain('FAIL: 6A82 was stated');
    expect(stopped.text).not.toContain('00B2011400');
    expect(stopped.io.err.join('')).toBe('2 commands after that were not sent\n');
    const on = await run([`${SELECT_OWN}=6A82`, '00B2011400=6982'], { keepGoing: true });
    expect(on.exit).toBe(1);
    expect(on.text).toContain('00B2011400');
  });

  it.each([
    [['00A4040C0AF0617043562D454D5501', '00B201140'], 'command 2: an odd number of hexadecimal digits'],
    [['00A4'], 'command 1: a command has four bytes or more'],
    [['zz'], 'command 1: there is no command of this name'],
    ['select vitale\nread 99\n', 'line 2: a short identifier is a number from 1 to 30'],
    ['select vitale\nselect nowhere/at\n', 'line 2: "nowhere" is no file'],
    ['select vitale\nverify\n', 'the script presents a code, and there is no terminal to ask on'],
    ['select vitale\nverify 12x4\n', 'line 2: a code has 1 to 12 digits'],
    ['run nothing\n', 'line 1: there is no macro of that name'],
    ['# nothing\n\n', 'the script has no command'],
  ])('sends nothing of %j', async (script, sentence) => {
    const record = { file: join(folder, 'trace.jsonl'), keepSecrets: false };
    await expect(run(script, { record })).rejects.toThrow(sentence);
    expect(() => readFileSync(record.file)).toThrow('ENOENT');
  });

  it('a script of hexadecimal gives the answers of the same commands in words', async () => {
    const words = await run('select vitale\nread 2\nverify 000000 --ref 81\nchannel open\nselect 3F00\n', {}, {}, true);
    const sent = (ran: Ran): string[] =>
      JSON.parse(ran.text).lines.flatMap(({ exchanges }: { exchanges: { command: string; response: string }[] }) =>
        exchanges.map(({ command, response }) => `${command} ${response}`),
      );
    const hex = await run(
      [
        '# the same by hand',
        '00A404040BD250000002564954414C4500',
        '00B0820000',
        '00200081 06 303030303030',
        '0070000001',
        '01A40004023F0000',
      ].join('\r\n'),
      {},
      {},
      true,
    );
    expect(sent(hex)).toEqual(sent(words));
    expect(sent(hex)).toHaveLength(5);
  });

  it('masks a code however it is sent, in the output and in the trace', async () => {
    const record = { file: join(folder, 'trace.jsonl'), keepSecrets: false };
    const script = `select apcv\n00200081 06 ${CODE_HEX} = 9000\nverify ${CODE} =9000\nverify =9000\n`;
    for (const json of [false, true]) {
      const { exit, text, io } = await run(script, { record }, { VITAP_PIN: CODE }, json);
      expect(exit).toBe(0);
      expect(text).toContain('0020008106XXXXXXXXXXXX');
      for (const written of [text, io.err.join(''), readFileSync(record.file, 'utf8')]) {
        expect(written).not.toContain(CODE);
        expect(written).not.toContain(CODE_HEX);
      }
    }
  });

  it('takes the code of `verify` from a file', async () => {
    writeFileSync(join(folder, 'pin'), `${CODE}\n`);
    const { exit, text } = await run('select apcv\nverify =9000\nread 1 =6A83\n', { pinFile: join(folder, 'pin') });
    expect(exit).toBe(0);
    // Régime 01, caisse 999: EF E001 of profiles/vitale2.yaml.
    expect(text).toContain('81 caisse  393939');
    expect(text).toContain('1 record\n');
  });

  it('runs macros, and refuses one that runs itself', async () => {
    const { text } = await run('macro define id select vitale; read 2\nrun id\n');
    expect(text).toContain('> 00B0820000\n');
    await expect(run('macro define id run id\nrun id\n')).rejects.toThrow('the macro id runs itself');
  });

  it('opens, uses and closes a logical channel', async () => {
    const { exit, text } = await run(
      'channel open\nselect vitale =9000\nchannel 0\nread 1\nchannel 1\nread 1 =9000\nchannel close\n',
    );
    expect(exit).toBe(0);
    expect(text).toContain('> 01A404040BD250000002564954414C4500\n');
    expect(text).toContain('> 01B0810000\n');
    expect(text).toContain('> 00708001\n');
  });

  it('shows a tree of what is there', async () => {
    const { text } = await run('tree\n');
    expect(text).toContain(
      '  2000  application D250000002564954414C45 (vitale)\n    2001 (pointers)  transparent, SFI 1, 142 bytes\n',
    );
    expect(text).toContain('    E002 (beneficiaries)  records, SFI 2, 1600 bytes\n');
    expect(text).not.toContain('> ');
  });

  it('a proprietary card of nothing known is told about, too: the NFC Forum tag', async () => {
    const card = { kind: 'profile', name: 'ndef' } as const;
    const { exit, text } = await run('select ndef =9000\nread cc =9000\n', { card });
    expect(exit).toBe(0);
    expect(text).toContain('SELECT by DF name, 7 bytes of data');
  });

  it('Ctrl-C ends it after the answer that is there, exit 2, and the trace has it', async () => {
    const stop = new AbortController();
    const record = { file: join(folder, 'trace.jsonl'), keepSecrets: false };
    const out: string[] = [];
    const world = fakeIo({ env: { XDG_STATE_HOME: folder }, signal: stop.signal });
    const stdout = (text: string): void => {
      out.push(text);
      stop.abort();
    };
    const commands = [SELECT_OWN, '00B2011400', '00B2011400'];
    expect(await runScript({ ...OPTIONS, record, commands }, { ...world, stdout }, 'vitap apdu')).toBe(2);
    expect(out.join('')).toContain(`> ${SELECT_OWN}`);
    expect(out.join('')).not.toContain('00B2011400');
    expect(world.err.join('')).toBe('2 commands after that were not sent\nvitap: interrupted\n');
    expect(readFileSync(record.file, 'utf8')).toContain(`"apdu":"${SELECT_OWN}"`);
  });
});
