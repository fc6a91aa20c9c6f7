import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeBase45 } from '../../../../rig/life/credential/base45.ts';
import { OfflineQrTooLong } from '../../../../rig/life/credential/offline-qr.ts';
import { qrShape } from '../../../../rig/life/credential/qr-picture.ts';
import { QR_REFUSALS } from '../../../../rig/life/credential/qr-refusal.ts';
import { verifyOfflineQr } from '../../../../rig/life/credential/verify-offline-qr.ts';
import { inflateZlib } from '../../../../rig/life/credential/zlib-stream.ts';
import { annotate, type Shape } from './annotated-cbor.ts';
import { expectations, innerCwt, offlineQr, people } from './card.ts';

/**
 * docs/presentation.md against the code. `VITAP_WRITE_PAGE=1 npx vitest run test/rig/life/credential/presentation-page.test.ts`
 * writes its examples anew. How zlib compresses differs between versions of Node: the text is compared by its message.
 */
const PAGE = new URL('../../../../docs/presentation.md', import.meta.url);

const header: Shape = {
  name: 'protected header',
  inside: {
    name: '',
    entries: { 1: { name: 'algorithm, ES256' }, 4: { name: 'key identifier' }, 16: { name: 'type' } },
  },
};
const person = [
  'index',
  'quality',
  'birth rank',
  'birth date',
  'usual name',
  'name at birth',
  'first name',
  'NIR and key',
];
const period = ['rights from', 'rights to'];
const inner: Shape = {
  name: 'inner token',
  places: [
    header,
    { name: 'unprotected header' },
    {
      name: 'claims of the issuer',
      inside: {
        name: '',
        entries: {
          1: { name: 'iss' },
          4: { name: 'exp' },
          6: { name: 'iat' },
          8: {
            name: 'cnf',
            entries: {
              1: {
                name: "COSE_Key of the card's holder",
                entries: {
                  1: { name: 'kty, EC2' },
                  '-1': { name: 'crv, P-256' },
                  '-2': { name: 'x' },
                  '-3': { name: 'y' },
                },
              },
            },
          },
          65535: {
            name: 'status',
            entries: { status_list: { name: '', entries: { idx: { name: 'idx' }, uri: { name: 'uri' } } } },
          },
          '-65537': {
            name: 'family',
            entries: {
              1: { name: 'activation' },
              2: { name: 'affiliation' },
              3: { name: 'people', each: { name: 'person', places: [...person, ...period].map((name) => ({ name })) } },
            },
          },
        },
      },
    },
    { name: "the issuer's signature, r and s" },
  ],
};
const outer: Shape = {
  name: 'outer token',
  places: [
    header,
    { name: 'unprotected header' },
    {
      name: 'claims of the phone',
      inside: {
        name: '',
        entries: {
          4: { name: 'exp' },
          6: { name: 'iat' },
          7: { name: 'cti' },
          '-65538': { name: 'certified', inside: inner },
        },
      },
    },
    { name: "the card's signature, r and s" },
  ],
};

const example = (): Promise<string> => offlineQr({ inner: innerCwt({ people: people(1) }) });

function messageOf(text: string): Uint8Array {
  return inflateZlib(decodeBase45(text.slice(4)), 4096);
}

async function sizes(): Promise<readonly (readonly [count: number, one: string, each: string])[]> {
  const of = async (count: number, names: 'one' | 'each'): Promise<string> => {
    try {
      const text = await offlineQr({ inner: innerCwt({ people: people(count, names) }) });
      return `${text.length} (version ${qrShape(text).version})`;
    } catch (error) {
      if (error instanceof OfflineQrTooLong) return 'refused to the issuer';
      throw error;
    }
  };
  const rows = [];
  for (let count = 1; count <= 10; count++)
    rows.push([count, await of(count, 'one'), await of(count, 'each')] as const);
  return rows;
}

/** The block below the comment that names it. */
function block(page: string, name: string): { readonly text: string; readonly start: number; readonly end: number } {
  const at = page.indexOf(`<!-- example: ${name} -->\n\n`);
  expect(at, name).toBeGreaterThan(0);
  const start = page.indexOf('\n\n', at) + 2;
  const next = page.indexOf('\n\n', start);
  return { text: page.slice(start, next), start, end: next };
}

const fenced = (text: string): string => `\`\`\`\n${text}\n\`\`\``;

async function blocks(): Promise<Readonly<Record<string, string>>> {
  const text = await example();
  return {
    text: fenced(text),
    bytes: fenced(annotate(messageOf(text), outer)),
    sizes: [
      '| people | of one name | each of another |',
      '|---|---|---|',
      ...(await sizes()).map((row) => `| ${row.join(' | ')} |`),
    ].join('\n'),
    refusals: [
      '| code | the sentence |',
      '|---|---|',
      ...Object.entries(QR_REFUSALS).map(([code, sentence]) => `| \`${code}\` | ${sentence} |`),
    ].join('\n'),
  };
}

describe('docs/presentation.md', () => {
  if (process.env.VITAP_WRITE_PAGE === '1') {
    it('is written', async () => {
      let page = readFileSync(PAGE, 'utf8');
      for (const [name, text] of Object.entries(await blocks())) {
        const { start, end } = block(page, name);
        page = page.slice(0, start) + text + page.slice(end);
      }
      writeFileSync(PAGE, page);
    });
  }

  const page = readFileSync(PAGE, 'utf8');

  it('shows a QR code that a verifier believes', async () => {
    const text = block(page, 'text').text.split('\n')[1] as string;
    expect(messageOf(text)).toEqual(messageOf(await example()));
    await expect(verifyOfflineQr(text, expectations())).resolves.toMatchObject({ people: people(1) });
  });

  it('explains every byte of it, and every refusal', async () => {
    const { bytes, refusals } = await blocks();
    expect(block(page, 'bytes').text).toBe(bytes);
    expect(block(page, 'refusals').text).toBe(refusals);
  });

  it('says how long the QR codes are, to a few characters', async () => {
    const shown = block(page, 'sizes').text.split('\n').slice(2);
    const measured = await sizes();
    expect(shown).toHaveLength(measured.length);
    for (const [i, row] of measured.entries()) {
      const cells = (shown[i] as string).split('|').map((cell) => cell.trim());
      expect(cells[1]).toBe(`${row[0]}`);
      for (const [column, cell] of [row[1], row[2]].entries()) {
        const [said, is] = [cells[2 + column] as string, cell].map((each) => Number.parseInt(each, 10));
        if (Number.isNaN(is)) expect(cells[2 + column]).toBe(cell);
        else expect(Math.abs((said as number) - (is as number)), `${row[0]} people`).toBeLessThan(10);
      }
    }
  }, 30_000);
});
