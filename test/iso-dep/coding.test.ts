import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { encodeAts, encodeRats, parseAts, parseRats } from '../../src/iso-dep/ats.ts';
import { parseBlock, writeBlockHeader } from '../../src/iso-dep/block.ts';
import { appendCrcA, crcA, endsInCrcA, withCrcA } from '../../src/iso-dep/crc-a.ts';
import { FRAME_SIZES, frameSize, frameSizeCode } from '../../src/iso-dep/frame-size.ts';
import { bestRates, encodePps, offersRates } from '../../src/iso-dep/pps.ts';
import { fwtCycles, sfgtCycles } from '../../src/iso-dep/timing.ts';
import { PLAIN_ATS } from './cards.ts';
import { vectors } from './vectors.ts';

describe('CRC_A', () => {
  it.each(vectors.crcA.vectors.map(({ data, crc, note }) => [note, data, crc]))('%s', (_, data, crc) => {
    const bytes = fromHex(data);
    expect(crcA(bytes)).toBe(Number.parseInt(crc.slice(2) + crc.slice(0, 2), 16));
    expect(toHex(withCrcA(bytes))).toBe(data + crc);
    const room = new Uint8Array(bytes.length + 2);
    room.set(bytes);
    expect(appendCrcA(room, bytes.length)).toBe(bytes.length + 2);
    expect(toHex(room)).toBe(data + crc);
  });

  it('is checked at the end of what was received', () => {
    expect(endsInCrcA(fromHex('E0803173'))).toBe(true);
    expect(endsInCrcA(fromHex('E0803172'))).toBe(false);
    expect(endsInCrcA(fromHex('FFE0803173FF'), 1, 4)).toBe(true);
    expect(endsInCrcA(fromHex('6363'))).toBe(false);
  });
});

describe('ATS', () => {
  it.each(vectors.ats.vectors.map((row) => [row.note, row] as const))('%s', (_, { ats, expect: expected, frame }) => {
    const parsed = parseAts(fromHex(ats))!;
    expect({ ...parsed, historicalBytes: toHex(parsed.historicalBytes) }).toEqual({
      fsci: expected.fsci,
      fsc: expected.fsc,
      toReader: expected.ds,
      toCard: expected.dr,
      sameRateOnly: expected.sameD,
      fwi: expected.fwi,
      sfgi: expected.sfgi,
      cidSupported: expected.cid,
      nadSupported: expected.nad,
      historicalBytes: expected.historical,
    });
    expect(fwtCycles(parsed.fwi)).toBe(expected.fwtCycles);
    expect(sfgtCycles(parsed.sfgi)).toBe(expected.sfgtCycles);
    expect(parsed.fsc - 3).toBe(expected.maxInf);
    expect(parseAts(encodeAts(parsed))).toEqual(parsed);
    expect(toHex(withCrcA(fromHex(ats)))).toBe(frame);
  });

  it.each(vectors.ats.malformed.map(({ why, ats }) => [why, ats]))('refused: %s', (_, ats) => {
    expect(parseAts(fromHex(ats))).toBeNull();
  });
});

describe('RATS', () => {
  it.each(vectors.rats.vectors.map(({ rats, fsd, cid }) => [rats, fsd, cid] as const))('%s', (rats, fsd, cid) => {
    const parsed = parseRats(fromHex(`00${rats}00`), 1, 2)!;
    expect([frameSize(parsed.fsdi), parsed.cid]).toEqual([fsd, cid]);
    expect(toHex(encodeRats(parsed.fsdi, parsed.cid))).toBe(rats);
  });

  it.each(vectors.rats.refused.map(({ why, rats }) => [why, rats]))('refused: %s', (_, rats) => {
    expect(parseRats(fromHex(rats), 0, rats.length / 2)).toBeNull();
  });
});

describe('PPS', () => {
  it('gives DSI before DRI', () => {
    expect(toHex(encodePps(0, { toCard: 1, toReader: 2 }))).toBe('D01104');
    expect(toHex(encodePps(1, { toCard: 4, toReader: 4 }))).toBe('D1110A');
    expect(toHex(encodePps(0, { toCard: 8, toReader: 1 }))).toBe('D01103');
  });

  it('offers what the ATS says, and the same both ways where it must', () => {
    const both = { ...PLAIN_ATS, toCard: [2, 4], toReader: [2, 8] };
    expect(offersRates(both, { toCard: 4, toReader: 8 })).toBe(true);
    expect(offersRates(both, { toCard: 8, toReader: 8 })).toBe(false);
    expect(offersRates({ ...both, sameRateOnly: true }, { toCard: 4, toReader: 8 })).toBe(false);
    expect(bestRates(both, { toCard: 8, toReader: 8 })).toEqual({ toCard: 4, toReader: 8 });
    expect(bestRates(both, { toCard: 2, toReader: 4 })).toEqual({ toCard: 2, toReader: 2 });
    expect(bestRates({ ...both, sameRateOnly: true }, { toCard: 8, toReader: 8 })).toEqual({ toCard: 2, toReader: 2 });
    expect(bestRates(PLAIN_ATS, { toCard: 8, toReader: 8 })).toEqual({ toCard: 1, toReader: 1 });
  });
});

describe('frame sizes', () => {
  it.each(Object.entries(vectors.frameSizes))('%s', (code, size) => {
    expect(frameSize(Number.parseInt(code, 16))).toBe(size);
    expect(frameSizeCode(size)).toBe(Number.parseInt(code, 16));
  });

  it('between two sizes the smaller counts', () => {
    expect(FRAME_SIZES).toHaveLength(13);
    expect(frameSizeCode(255)).toBe(7);
    expect(frameSizeCode(15)).toBe(0);
    expect(frameSizeCode(5000)).toBe(12);
  });
});

describe('frame waiting time', () => {
  it.each(vectors.frameWaitingTimes.map(({ fwi, cycles }) => [fwi, cycles]))('FWI %i', (fwi, cycles) => {
    expect(fwtCycles(fwi!)).toBe(cycles);
  });
});

describe('PCB', () => {
  /** As the vectors name it: I(chaining)number, R(ACK)number, S(name), then CID and NAD. */
  function named(pcb: number): string | null {
    const block = parseBlock(Uint8Array.of(pcb, 0x35, 0x21, 0x00), 0, 4);
    if (block === null) return null;
    const kind = block.kind === 'I' ? `I(${Number(block.chaining)})` : `${block.kind.replace('-', '(')})`;
    const number = block.kind.startsWith('S') ? '' : `${block.number}`;
    return kind + number + (block.cid === null ? '' : ' CID') + (block.nad === null ? '' : ' NAD');
  }

  it('every byte is what the standard makes of it, or no block', () => {
    for (let pcb = 0; pcb < 256; pcb++) {
      const hex = pcb.toString(16).padStart(2, '0').toUpperCase();
      expect([hex, named(pcb)]).toEqual([hex, vectors.pcb.values[hex] ?? null]);
    }
  });

  it('CID, power and NAD come from their bytes, and are written there', () => {
    expect(parseBlock(fromHex('001ACE35AA'), 1, 4)).toMatchObject({ cid: 14, power: 3, headerLength: 2, nad: null });
    expect(parseBlock(fromHex('0E0135'), 0, 3)).toMatchObject({ cid: 1, nad: 0x35, headerLength: 3 });
    const target = new Uint8Array(3);
    expect(writeBlockHeader(target, { kind: 'I', number: 1, chaining: true, cid: 2, nad: 0x53 })).toBe(3);
    expect(toHex(target)).toBe('1F0253');
    expect(writeBlockHeader(target, { kind: 'S-WTX', cid: null })).toBe(1);
    expect(target[0]).toBe(0xf2);
  });

  it.each(['', '0A', '0E01', '06', 'BA'])('shorter than its header: %s', (hex) => {
    expect(parseBlock(fromHex(hex), 0, hex.length / 2)).toBeNull();
  });
});
