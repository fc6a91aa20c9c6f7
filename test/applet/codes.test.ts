import { describe, expect, it } from 'vitest';
import type { PinSpecification } from '../../src/applet/image/specification.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { AID_A, benchSpecification, boot, code, selectName } from './bench-card.ts';

const SECRET_RECORD = '00B2012400'; // record 1 of SFI 4, behind code 81
const OLD = '31323334';
const NEW = '3536373839';
const PUK = '38383838';
const hex = (length: number): string => length.toString(16).padStart(2, '0');
const command = (header: string, data: string): string => `${header}${data === '' ? '' : hex(data.length / 2) + data}`;
const verify = (digits: string, reference = '81'): string => command(`002000${reference}`, digits);
const query = (reference = '81'): string => `002000${reference}`;

/** The bench card with its codes 81 and 82 changed. */
function open(pin: Partial<PinSpecification> = {}, puk: Partial<PinSpecification> = {}) {
  const specification = benchSpecification();
  const { masterFile } = specification;
  const children = masterFile.children.map((child) =>
    child.kind === 'directory' && child.fid === 0xdf01
      ? { ...child, pins: [code(0x81, OLD, { unblockedBy: 0x82, ...pin }), code(0x82, PUK, { tries: 2, ...puk })] }
      : child,
  );
  const bench = boot({ specification: { ...specification, masterFile: { ...masterFile, children } } });
  bench.send(selectName(AID_A));
  return bench;
}

function block(send: (command: string) => string): void {
  for (let i = 0; i < 3; i++) send(verify('30303030'));
  expect(send(query())).toBe('6983');
}

describe('CHANGE REFERENCE DATA', () => {
  it('replaces the code, of another length too; the new one holds after a new power-on', () => {
    const { send, nvm } = open();
    expect(send(command('00240081', OLD + NEW))).toBe('9000');
    expect(send(verify(OLD))).toBe('63C2');
    expect(send(verify(NEW))).toBe('9000');
    const again = boot({ nvm: new MemoryNvm(nvm.snapshot()) });
    again.send(selectName(AID_A));
    expect(again.send(verify(NEW))).toBe('9000');
  });

  it('a wrong old code costs one try, however the data field could be split', () => {
    const { send } = open();
    expect(send(command('00240081', '3030303030303030'))).toBe('63C2');
    expect(send(query())).toBe('63C2');
    expect(send(verify(OLD))).toBe('9000');
  });

  it('a right old code gives the tries back, even when the new one is refused', () => {
    const { send } = open({ minLength: 4, maxLength: 6, paddedLength: 6 });
    send(command('00200081', '30303030FFFF'));
    expect(send(command('00240081', '31323334FFFF' + '3132FFFFFFFF'))).toBe('6A80');
    expect(send(query())).toBe('63C3');
    expect(send(command('00200081', '31323334FFFF'))).toBe('9000');
  });

  it('padded codes are two blocks', () => {
    const { send } = open({ minLength: 4, maxLength: 8, paddedLength: 8 });
    expect(send(command('00240081', '31323334FFFFFFFF' + '3536373839FFFFFF'))).toBe('9000');
    expect(send(verify('3536373839FFFFFF'))).toBe('9000');
    expect(send(command('00240081', '3536373839FFFFFF' + '31323334'))).toBe('6700');
  });

  it.each([
    ['too short for two codes', command('00240081', '31323334353637'), '6700'],
    ['too long for two codes', command('00240081', '31'.repeat(17)), '6700'],
    ['no such code', command('00240083', OLD + NEW), '6A88'],
    ['P1 02', command('00240281', OLD + NEW), '6A86'],
    ['without data', '00240081', '6700'],
    ['new code alone, nothing verified', command('00240181', NEW), '6982'],
  ])('%s', (_, sent, status) => {
    const { send } = open();
    expect(send(sent)).toBe(status);
    expect(send(query())).toBe('63C3');
  });

  it('P1 01 after the code was verified', () => {
    const { send } = open();
    send(verify(OLD));
    expect(send(command('00240181', '3132'))).toBe('6700');
    expect(send(command('00240181', NEW))).toBe('9000');
    expect(send(verify(NEW))).toBe('9000');
  });

  it('a blocked code is not changed', () => {
    const { send } = open();
    block(send);
    expect(send(command('00240081', OLD + NEW))).toBe('6983');
  });

  it('its presentation rule holds: not in the clear on contactless', () => {
    const { card } = open();
    const port = card.port('contactless');
    port.powerOn();
    const bytes = Buffer.from(command('00240081', OLD + NEW), 'hex');
    port.process(Buffer.from(selectName(AID_A), 'hex'), 0, selectName(AID_A).length / 2);
    port.process(bytes, 0, bytes.length);
    expect(Buffer.from(port.response.subarray(0, 2)).toString('hex')).toBe('6982');
  });
});

describe('RESET RETRY COUNTER', () => {
  it.each([
    ['resetting code and new code', [command('002C0081', PUK + NEW)], NEW],
    ['resetting code alone', [command('002C0181', PUK)], OLD],
    ['new code alone', [verify(PUK, '82'), command('002C0281', NEW)], NEW],
    ['nothing', [verify(PUK, '82'), '002C0381'], OLD],
  ])('%s: all tries are back, and the code is still to be verified', (_, commands, works) => {
    const { send } = open();
    block(send);
    for (const each of commands) expect(send(each)).toBe('9000');
    expect(send(query())).toBe('63C3');
    expect(send(SECRET_RECORD)).toBe('6982');
    expect(send(verify(works))).toBe('9000');
  });

  it('a wrong resetting code costs a try of the resetting code, until it is blocked', () => {
    const { send } = open();
    block(send);
    expect(send(command('002C0181', '30303030'))).toBe('63C1');
    expect(send(command('002C0181', '30303030'))).toBe('63C0');
    expect(send(command('002C0181', PUK))).toBe('6983');
    expect(send(query())).toBe('6983');
    expect(send(query('82'))).toBe('6983');
  });

  it.each([
    ['nothing verified', '002C0381', '6982'],
    ['new code alone, nothing verified', command('002C0281', NEW), '6982'],
    ['data where none belong', command('002C0381', PUK), '6A87'],
    ['none where some belong', '002C0181', '6A87'],
    ['of a code that has no resetting code', command('002C0182', PUK), '6985'],
    ['no such code', command('002C0183', PUK), '6A88'],
    ['a resetting code of no length of its own', command('002C0181', '3838'), '6700'],
    ['P1 04', '002C0481', '6A86'],
  ])('%s', (_, sent, status) => {
    const { send } = open();
    block(send);
    expect(send(sent)).toBe(status);
    expect(send(query())).toBe('6983');
    expect(send(query('82'))).toBe('63C2');
  });
});

describe('ENABLE and DISABLE VERIFICATION REQUIREMENT', () => {
  it('a requirement that is disabled is met by nobody’s code, until it is enabled again', () => {
    const { send } = open({ canBeDisabled: true });
    expect(send(SECRET_RECORD)).toBe('6982');
    expect(send(command('00260081', OLD))).toBe('9000');
    expect(send(query())).toBe('9000');
    expect(send(SECRET_RECORD)).toBe('5EC19000');
    expect(send(command('00280081', OLD))).toBe('9000');
    expect(send(query())).toBe('63C3');
    expect(send(SECRET_RECORD)).toBe('6982');
  });

  it('P1 01 after the code was verified', () => {
    const { send } = open({ canBeDisabled: true });
    expect(send('00260181')).toBe('6982');
    send(verify(OLD));
    expect(send('00260181')).toBe('9000');
    expect(send('00280181')).toBe('9000');
    expect(send(SECRET_RECORD)).toBe('6982');
  });

  it.each([
    ['wrong code', command('00260081', '30303030'), '63C2'],
    ['data where none belong', command('00260181', OLD), '6A87'],
    ['none where some belong', '00260081', '6A87'],
    ['no such code', command('00260083', OLD), '6A88'],
  ])('%s', (_, sent, status) => {
    const { send } = open({ canBeDisabled: true });
    expect(send(sent)).toBe(status);
    expect(send(SECRET_RECORD)).toBe('6982');
  });

  it('6985 where the code does not allow it', () => {
    expect(open().send(command('00260081', OLD))).toBe('6985');
  });

  it('lasts over a power-on', () => {
    const { send, nvm } = open({ canBeDisabled: true });
    send(command('00260081', OLD));
    const again = boot({ nvm: new MemoryNvm(nvm.snapshot()) });
    again.send(selectName(AID_A));
    expect(again.send(SECRET_RECORD)).toBe('5EC19000');
  });
});

describe('VERIFY with the odd instruction', () => {
  it.each([
    ['the code in object 5F2E', '002100810 7 5F2E04 31323334', '9000'],
    ['a wrong code', '0021008107 5F2E04 30303030', '63C2'],
    ['an empty object asks', '0021008103 5F2E00', '63C3'],
    ['another object', '0021008106 8104 31323334', '6A80'],
    ['something after it', '0021008109 5F2E04 31323334 8000', '6A80'],
    ['malformed', '0021008104 5F2E0431', '6A80'],
    ['without data', '00210081', '6700'],
    ['no length of the code', '0021008106 5F2E03 313233', '6700'],
  ])('%s', (_, sent, status) => {
    const { send } = open();
    expect(send(sent)).toBe(status);
  });
});
