import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { CODE, run, serveProfile } from './card.ts';
import { Pcscd } from './pcscd.ts';
import { describeNeeds, itNeeds } from './real-parts.ts';
import { SLOTS } from './vpcd-card.ts';

/**
 * Programs that know nothing of us read the emulated card through the real PC/SC daemon, and agree with what it holds.
 * Each program's output is brought into one form: an answer for each command, in hex, status word last.
 */
const READER = SLOTS[0];
const CODE_HEX = Buffer.from(CODE).toString('hex').toUpperCase();

/** Identities of the free file, as the layout of the card gives them: first person, ADRUN ZOE, 1975-12-31. */
const FIRST_PERSON = '6516800541445255 4E81035A4F458208 3139373531323331'.replaceAll(' ', '');

interface Client {
  readonly parts: Parameters<typeof itNeeds>[0];
  /** Sends commands in hex in one session. */
  readonly send: (commands: readonly string[]) => Promise<string[]>;
}

const clients: Readonly<Record<string, Client>> = {
  'opensc-tool': {
    parts: ['pcscd', 'vpcd', 'opensc-tool'],
    async send(commands) {
      const args = ['-r', READER, '-c', 'default', ...commands.flatMap((command) => ['-s', command])];
      const { out, err, exit } = await run('opensc-tool', args);
      if (exit !== 0) throw new Error(`opensc-tool: ${err}`);
      // `Received (SW1=0x90, SW2=0x00):`, then 16 bytes a line with their text after them.
      return out
        .split('Sending: ')
        .slice(1)
        .map((part) => {
          const [, sw1, sw2] = /SW1=0x(..), SW2=0x(..)/.exec(part)!;
          const lines = part.split('\n').slice(2);
          const data = lines.flatMap((line) => line.slice(0, 48).match(/[0-9A-F]{2}(?= )/g) ?? []);
          return `${data.join('')}${sw1}${sw2}`;
        });
    },
  },
  scriptor: {
    parts: ['pcscd', 'vpcd', 'scriptor'],
    async send(commands) {
      const folder = mkdtempSync(join(tmpdir(), 'vitap-scriptor-'));
      try {
        const script = join(folder, 'card.scr');
        writeFileSync(script, `reset\n${commands.join('\n')}\n`);
        const { out } = await run('scriptor', ['-r', READER, script]);
        // `< 6F 1C … 90 00 : Normal processing.`; a long answer goes on over several lines up to the colon.
        return [...out.matchAll(/^< ([0-9A-F\s]+?)\s*:/gm)].slice(0).map(([, hex]) => hex!.replace(/\s/g, ''));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
  pyscard: {
    parts: ['pcscd', 'vpcd', 'pyscard'],
    async send(commands) {
      const program = `
import sys
from smartcard.System import readers
reader = [r for r in readers() if str(r) == ${JSON.stringify(READER)}][0]
connection = reader.createConnection()
connection.connect()
for line in sys.stdin.read().split():
    data, sw1, sw2 = connection.transmit(list(bytes.fromhex(line)))
    print((bytes(data) + bytes([sw1, sw2])).hex().upper())
`;
      const { out, err, exit } = await run('/usr/bin/python3', ['-c', program], commands.join('\n'));
      if (exit !== 0) throw new Error(`pyscard: ${err}`);
      return out.trim().split('\n');
    },
  },
};

let daemon: Pcscd;

for (const [name, { parts, send }] of Object.entries(clients)) {
  describeNeeds(parts, `${name} reads the emulated card`, () => {
    beforeAll(async () => {
      daemon = await Pcscd.start();
    });
    afterAll(() => daemon.stop());

    itNeeds(parts, 'vitale2: POINTERS and the identities, free to read', async () => {
      const card = await serveProfile('vitale2', 'contact');
      try {
        const answers = await send([
          '00A404000BD250000002564954414C4500',
          '00A4020002200100',
          '00B0000000',
          '00A4000C023F00',
          '00B0820000',
        ]);
        expect(answers.slice(-5, -2).map((answer) => answer.slice(-4))).toEqual(['9000', '9000', '9000']);
        expect(answers.at(-3)).toMatch(/^E0/);
        expect(answers.at(-1)).toMatch(new RegExp(`^${FIRST_PERSON}.*9000$`));
      } finally {
        await card.remove();
      }
    });

    itNeeds(parts, 'apcv on contact: refused, the code, the record, and a blocked code', async () => {
      const card = await serveProfile('apcv', 'contact');
      try {
        const select = '00A404000AF0617043562D454D550100';
        const wrong = '0020008106303030303030';
        const answers = await send([
          select,
          '00B2011400',
          `0020008106${CODE_HEX}`,
          '00B2011400',
          wrong,
          wrong,
          wrong,
          wrong,
        ]);
        const last = answers.slice(-8);
        expect(last[0]).toMatch(/^6F.*9000$/);
        expect(last[1]).toBe('6982');
        expect(last[2]).toBe('9000');
        // E2 with the index 1, and ZOE ADRUN in UTF-8.
        expect(last[3]).toMatch(/^E2..800101.*4144525 ?54E.*5A4F45.*9000$/);
        expect(last.slice(4)).toEqual(['63C2', '63C1', '63C0', '6983']);
      } finally {
        await card.remove();
      }
    });

    itNeeds(
      parts,
      'apcv contactless: no code in the clear, and nothing without a channel, unlocked or not',
      async () => {
        const card = await serveProfile('apcv', 'contactless');
        try {
          const select = '00A404000AF0617043562D454D550100';
          const before = await send([select, `0020008106${CODE_HEX}`, '00B2011400']);
          expect(before.slice(-2)).toEqual(['6982', '6982']);
          expect(card.unlock()).toBe('unlocked');
          const after = await send([select, '00B2011400']);
          expect(after.at(-1)).toBe('6982');
        } finally {
          await card.remove();
        }
      },
    );
  });
}
