import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { withCrcA } from '../../src/iso-dep/crc-a.ts';
import { IsoDepReader, type Step } from '../../src/iso-dep/reader.ts';
import { answering, counting, echoed, send, TestCard } from './cards.ts';
import { type ExchangeRow, vectors } from './vectors.ts';

const rows = vectors.exchanges.vectors.map((row) => [row.id, row] as const);

/** What the rows expect of the application and of its need for time. */
function cardFor(row: ExchangeRow) {
  const waits = row.steps.find(({ picc }) => picc !== null && /^F[2A]/.test(picc))?.picc;
  const multiplier = waits === undefined ? 0 : Number.parseInt(waits!.slice(-2), 16);
  // FWI 14 leaves room for one frame waiting time only, which is how our card comes to ask for a single one.
  const fwi = multiplier === 1 ? 14 : 4;
  let commands = 0;
  const answer = row.id.startsWith('picc-chaining') ? 30 : row.id === 'cid-wtx' ? 26 : null;
  const linked = new TestCard((command) => (answer === null || command[0] !== 0 ? echoed(command) : counting(answer)));
  const rats = `E0${row.fsd === 16 ? '0' : '8'}${row.cid ?? 0}`;
  const ats = { fwi, cidSupported: row.id !== 'cid-unsupported' };
  const fwt = 4096 * 2 ** fwi;
  const cost = (): number => (commands++ === 0 ? (multiplier === 1 ? fwt + 1 : fwt * multiplier) : 0);
  return answering(linked, { rats, ats, cost });
}

describe('the card in the exchanges of ISO/IEC 10373-6', () => {
  it.each(rows)('%s', (_, row) => {
    const card = cardFor(row);
    for (const step of row.steps) {
      if (step.damaged) card.damaged();
      else expect([step.pcd, send(card, step.pcd)]).toEqual([step.pcd, step.picc]);
      if (step.picc !== null) expect(toHex(withCrcA(fromHex(step.picc)))).toBe(step.piccFrame);
    }
  });
});

/** Rows in which the reader does what a reader may not do, or chains blocks that are not full. */
const NOT_FOR_OUR_READER = [
  'wtx-unasked',
  'wtx-other-multiplier',
  'deselect',
  'deselect-damaged',
  'pcd-chaining',
  'pcd-chaining-3',
  'pcd-chaining-first-damaged',
  'pcd-chaining-ack-lost',
  'pcd-chaining-second-damaged',
  'picc-chaining-nak',
  'cid-1',
  'cid-0',
  'cid-unsupported',
  'nad',
  'rfu-bits-in-pcb',
  'r-block-with-inf',
];

describe('the reader in the exchanges of ISO/IEC 10373-6', () => {
  it.each(rows.filter(([id]) => !NOT_FOR_OUR_READER.includes(id)))('%s', (_, row) => {
    const cid = row.cid ?? null;
    const reader = new IsoDepReader({ fsd: row.fsd ?? 256, cid });
    reader.activate();
    const ats = fromHex('0578804002');
    let step: Step = reader.received(ats, 0, ats.length);
    const header = cid === null ? 1 : 2;
    for (const { pcd, picc, answerLost } of row.steps) {
      if (step === 'done') {
        const block = fromHex(pcd);
        const inI = (block[0]! & 0xc0) === 0;
        step = inI ? reader.transmit(block, header, block.length - header) : reader.presence();
      }
      expect(step).toBe('send');
      expect(toHex(reader.frame.subarray(0, reader.frameLength))).toBe(pcd);
      const answer = fromHex(picc ?? '');
      step = picc === null || answerLost ? reader.timedOut() : reader.received(answer, 0, answer.length);
    }
    expect(step).toBe('done');
  });
});

describe('splitting of a 261-byte command', () => {
  it.each(vectors.splitting.rows.map((row) => [row.fsc, row] as const))('FSC %i', (fsc, row) => {
    const linked = new TestCard((command) => Uint8Array.of(command.length >> 8, command.length & 0xff));
    const fsci = [16, 24, 32, 40, 48, 64, 96, 128, 256].indexOf(fsc);
    const card = answering(linked, { ats: { fsci } });
    const reader = new IsoDepReader({ fsd: 256 });
    reader.activate();
    const ats = fromHex(`05${(0x70 + fsci).toString(16)}804002`);
    reader.received(ats, 0, 5);
    const sizes: number[] = [];
    let step: Step = reader.transmit(counting(row.commandLength), 0, row.commandLength);
    while (step === 'send') {
      sizes.push(reader.frameLength - 1);
      const length = card.receive(reader.frame, 0, reader.frameLength);
      step = reader.received(card.frame, 0, length);
    }
    expect(sizes).toEqual(row.informationFieldSizes);
    expect(sizes).toHaveLength(row.blocks);
    expect(toHex(reader.response.subarray(0, reader.responseLength))).toBe('0105');
  });
});

describe('PPS to a card that offers every rate', () => {
  it.each(vectors.pps.vectors.map(({ pps, expect: expected }) => [pps, expected] as const))(
    '%s: %s',
    (pps, expected) => {
      const rates = { toCard: [2, 4, 8], toReader: [2, 4, 8] };
      const rats = expected.startsWith('CID 1') ? 'E081' : 'E080';
      const answer = send(answering(new TestCard(), { rats, ats: rates }), pps);
      const announced = /answer (D\d)/.exec(expected)?.[1];
      expect(answer).toBe(announced ?? null);
      if (expected.startsWith('CID 1')) expect(send(answering(new TestCard(), { ats: rates }), pps)).toBeNull();
    },
  );
});
