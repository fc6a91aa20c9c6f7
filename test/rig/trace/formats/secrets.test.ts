import { describe, expect, it } from 'vitest';
import { EXPORTERS } from '../../../../rig/trace/formats/index.ts';
import { redactedSource } from '../../../../rig/trace/session-redactor.ts';
import { exchanges, read, write } from './text-trace.ts';

/* A code and a NIR go in by a log of pcscd; on no way out by text do they come out, in whatever form. */
const CODE = '274916';
const NIR = '254089912345678';
const spaced = (text: string): string =>
  Buffer.from(text)
    .toString('hex')
    .toUpperCase()
    .replace(/..(?=.)/g, '$& ');
const LOG = [
  `00000000 APDU: 00 20 00 81 06 ${spaced(CODE)} `,
  '00000100 SW: 90 00 ',
  '00000100 APDU: 00 B2 01 14 00 ',
  `00000100 SW: E2 11 80 0F ${spaced(NIR)} 90 00 `,
  '',
].join('\n');
const TEXT = EXPORTERS.filter(({ name }) => !['pcap', 'pcapng', 'gsmtap', 'proxmark', 'vitap'].includes(name));

async function redacted(keepSecrets: boolean): ReturnType<typeof read> {
  const imported = await read('pcscd-log', LOG);
  if (keepSecrets) return imported;
  const source = redactedSource({
    header: imported.header,
    async *events() {
      yield* imported.events;
    },
  });
  const events = [];
  for await (const event of source.events()) events.push(event);
  return { ...imported, events };
}

/** All digits of a text that may be bytes in hexadecimal, so that separators do not hide them. */
const digits = (text: string): string =>
  text
    .replaceAll('0x', '')
    .replace(/[^0-9A-Fa-f]/g, '')
    .toUpperCase();

describe.each(TEXT.map(({ name }) => name))('%s', (format) => {
  const secrets = [CODE, NIR].map((secret) => Buffer.from(secret).toString('hex').toUpperCase());

  it('has neither the code nor the NIR', async () => {
    const { text } = await write(format, (await redacted(false)).events);
    expect(text).not.toContain(CODE);
    expect(text).not.toContain(NIR);
    for (const secret of secrets) expect(digits(text)).not.toContain(secret);
  });

  it('has them when they are kept: the test above can fail', async () => {
    const { text } = await write(format, (await redacted(true)).events);
    expect(digits(text)).toContain(secrets[0]);
  });
});

it('masks survive the way through a log that can show them', async () => {
  const { events } = await redacted(false);
  for (const format of ['pcscd-log', 'opensc-tool', 'gp-log', 'scriptor']) {
    const { text } = await write(format, events);
    expect(exchanges((await read(format, text)).events)).toEqual(exchanges(events));
  }
});
