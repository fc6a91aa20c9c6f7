import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { EXPORTERS } from '../../rig/trace/formats/index.ts';
import { LossCount } from '../../rig/trace/stream.ts';
import { run, runWith } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds } from './real-parts.ts';
import { exchanges, imported, runSpied, serveWitnessed } from './recorded-session.ts';
import { SLOTS } from './vpcd-card.ts';

/*
 * The real programs record a session with the emulated card, and what is imported is what the card itself saw. And the
 * other way: they take what is exported.
 */
const READER = SLOTS[0];
const COMMANDS = [
  '00A404000BD250000002564954414C4500',
  '00A4020002200100',
  '00B0000000',
  '00B0000003',
  '00A4000C023F00',
  '00B0820000',
  '00200081',
  '00FE0000',
];
const OPENSC_ARGS = ['-r', READER, '-c', 'default', ...COMMANDS.flatMap((command) => ['-s', command])];
const PARTS = ['pcscd', 'vpcd', 'pcscd of our own'] as const;

let daemon: Pcscd;
let folder: string;

describeNeeds(PARTS, 'traces of real programs', () => {
  beforeAll(async () => {
    daemon = await Pcscd.start({ apduLog: true });
  });
  afterAll(() => daemon.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vitap-sources-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  itNeeds(['opensc-tool'], 'pcscd, opensc-tool and the debug log of OpenSC: what the card saw', async () => {
    const card = await serveWitnessed();
    const before = daemon.log.length;
    try {
      const { out, err } = await runWith({ ...process.env, OPENSC_DEBUG: '9' }, 'opensc-tool', OPENSC_ARGS);
      expect(card.seen).toHaveLength(2 * COMMANDS.length);
      expect(exchanges((await imported('opensc-tool', out)).events)).toEqual(card.seen);
      const debug = await imported('opensc-debug', err);
      expect(exchanges(debug.events)).toEqual(card.seen);
      expect(debug.header.atr).toBe(card.atr);
      expect(exchanges((await imported('pcscd-log', daemon.log.slice(before))).events)).toEqual(card.seen);
    } finally {
      await card.remove();
    }
  });

  itNeeds(['opensc-tool', 'libpcscspy'], 'libpcscspy, raw and as pcsc-spy prints it', async () => {
    const card = await serveWitnessed();
    try {
      const { record } = await runSpied(folder, 'opensc-tool', OPENSC_ARGS);
      const raw = await imported('pcsc-spy', record);
      expect(exchanges(raw.events)).toEqual(card.seen);
      expect(raw.header).toMatchObject({ reader: READER, atr: card.atr });
      writeFileSync(join(folder, 'record'), record);
      for (const options of [['-n'], [], ['-t']]) {
        const { out } = await run('pcsc-spy', [...options, join(folder, 'record')]);
        const decoded = await imported('pcsc-spy-text', out);
        expect(exchanges(decoded.events)).toEqual(card.seen);
        expect(decoded.header).toMatchObject({ reader: READER, atr: card.atr });
      }
    } finally {
      await card.remove();
    }
  });

  itNeeds(
    ['scriptor'],
    'scriptor: its output, and a script exported from it, which it runs to the same end',
    async () => {
      const card = await serveWitnessed();
      try {
        const script = join(folder, 'session.scr');
        writeFileSync(script, `# a session\nreset\n${COMMANDS.join('\n')}\n`);
        const { out } = await run('scriptor', ['-r', READER, script]);
        const first = await imported('scriptor', out);
        expect(exchanges(first.events)).toEqual(card.seen);
        expect(first.events[0]).toMatchObject({ type: 'power', state: 'reset', atr: card.atr });

        const again = join(folder, 'again.scr');
        writeFileSync(again, await exported('scriptor-script', first));
        const seenBefore = card.seen.length;
        const second = await imported('scriptor', (await run('scriptor', ['-r', READER, again])).out);
        expect(second.events).toEqual(first.events);
        expect(card.seen.slice(seenBefore)).toEqual(card.seen.slice(0, seenBefore));
        // What scriptor printed without a file has the form that is exported, but for the words after the colon.
        const { out: plain } = await run('scriptor', ['-r', READER], `reset\n${COMMANDS.join('\n')}\n`);
        const form = (text: string): string => text.replace(/ : .*/g, ' :').replace(/^Using .*\n/, '');
        expect(form(await exported('scriptor', first))).toBe(form(plain));
      } finally {
        await card.remove();
      }
    },
  );

  itNeeds(['opensc-tool'], 'opensc-tool: what is exported is what it printed, byte for byte', async () => {
    const card = await serveWitnessed();
    try {
      const { out } = await run('opensc-tool', OPENSC_ARGS);
      expect(await exported('opensc-tool', await imported('opensc-tool', out))).toBe(out);
    } finally {
      await card.remove();
    }
  });

  itNeeds(['cardpeek'], 'cardpeek: its replay file, and one that was exported, which it replays', async () => {
    const card = await serveWitnessed();
    const home = cardpeekHome();
    try {
      const saved = join(folder, 'saved.clf');
      const printed = await cardpeek(home, `pcsc://${READER}`, saved);
      const first = await imported('cardpeek', readFileSync(saved));
      expect(exchanges(first.events)).toEqual(card.seen);
      expect(first.header.atr).toBe(card.atr);
      expect(printed).toEqual(card.seen.filter((line) => line.startsWith('<')));

      const clf = await exported('cardpeek', first);
      expect(clf).toBe(readFileSync(saved, 'utf8'));
      writeFileSync(join(home, '.cardpeek/replay/exported.clf'), clf);
      const seenBefore = card.seen.length;
      expect(await cardpeek(home, 'replay://exported.clf', join(folder, 'again.clf'))).toEqual(printed);
      expect(card.seen).toHaveLength(seenBefore);
    } finally {
      await card.remove();
    }
  });
});

type Imported = Awaited<ReturnType<typeof imported>>;

async function exported(format: string, { header, events }: Imported): Promise<string> {
  const exporter = EXPORTERS.find(({ name }) => name === format);
  if (exporter === undefined) throw new Error(`no exporter ${format}`);
  let text = '';
  const source = {
    header,
    async *events() {
      yield* events;
    },
  };
  const sink = {
    async write(chunk: Uint8Array | string) {
      text += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
    },
  };
  await exporter.write(source, sink, new LossCount());
  return text;
}

/** A home in which cardpeek has been run before: it would ask, and go on asking, otherwise. */
function cardpeekHome(): string {
  const home = join(folder, 'home');
  for (const name of ['scripts', 'replay']) mkdirSync(join(home, '.cardpeek', name), { recursive: true });
  return home;
}

/** Sends the commands and saves the replay file. @returns the answers that cardpeek printed, `< …` */
async function cardpeek(home: string, reader: string, file: string): Promise<string[]> {
  const script = join(folder, 'session.lua');
  const commands = COMMANDS.map((command) => `"${command}"`).join(',');
  writeFileSync(
    script,
    `card.connect()
for _, command in ipairs({${commands}}) do
  local sw, data = card.send(bytes.new(8, command))
  print("answer", tostring(data) .. string.format("%04X", sw))
end
card.disconnect()
card.log_save(${JSON.stringify(file)})
os.exit(0)
`,
  );
  const env = { ...process.env, HOME: home };
  // The answers to what it asks in a new home; then it runs the script.
  const install = '1\n1\n1\n';
  const args = ['-c', '-r', reader, '-e', `dofile(${JSON.stringify(script)})`];
  const limited = ['20', 'cardpeek', ...args];
  let { out } = await runWith(env, 'timeout', limited, install);
  if (!out.includes('answer')) ({ out } = await runWith(env, 'timeout', limited, install));
  return [...out.matchAll(/^answer\t([0-9A-F]+)/gm)].map(([, hex]) => `< ${hex}`);
}
