import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/apdu/hex.ts';
import { PIN, SUPERBLOCK } from '../../src/applet/image/layout.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import { HalError } from '../../src/hal/errors.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { AID_A, AID_C, benchSpecification, boot, CODE, code, FREE, reading, selectName, sender } from './bench-card.ts';

const RIGHT = `0020008104${CODE}`;
const WRONG = '002000810430303030';
const QUERY = '00200081';
const SECRET_RECORD = '00B2012400'; // record 1 of SFI 4, behind code 81

describe('VERIFY', () => {
  it('opens what its rule guards, in its application', () => {
    const { send } = boot();
    send(selectName(AID_A));
    expect(send(SECRET_RECORD)).toBe('6982');
    expect(send(QUERY)).toBe('63C3');
    expect(send(RIGHT)).toBe('9000');
    expect(send(QUERY)).toBe('9000');
    expect(send(SECRET_RECORD)).toBe('5EC19000');
    expect(send('00B0850000')).toBe('C0DE9000');
  });

  it('counts down, blocks, and stays blocked after a new power-on and with the right code', () => {
    const { send, nvm } = boot();
    send(selectName(AID_A));
    expect([send(WRONG), send(QUERY), send(WRONG), send(WRONG), send(WRONG)]).toEqual([
      '63C2',
      '63C2',
      '63C1',
      '63C0',
      '6983',
    ]);
    expect(send(RIGHT)).toBe('6983');
    expect(send(QUERY)).toBe('6983');
    const again = boot({ nvm: new MemoryNvm(nvm.snapshot()) });
    again.send(selectName(AID_A));
    expect(again.send(RIGHT)).toBe('6983');
    expect(again.send(SECRET_RECORD)).toBe('6982');
  });

  it.each(['00', '08'])('takes no notice of an Le of %s, which clients of other cards send', (le) => {
    const { send } = boot();
    send(selectName(AID_A));
    expect(send(`${QUERY}${le}`)).toBe('63C3');
    expect(send(`${WRONG}${le}`)).toBe('63C2');
    expect(send(`${RIGHT}${le}`)).toBe('9000');
    expect(send(`${QUERY}${le}`)).toBe('9000');
    expect(send(`0020FF81${le}`)).toBe('9000');
    expect(send(`${QUERY}${le}`)).toBe('63C3');
  });

  it('a right code gives the tries back', () => {
    const { send } = boot();
    send(selectName(AID_A));
    send(WRONG);
    send(WRONG);
    expect(send(RIGHT)).toBe('9000');
    expect(send(WRONG)).toBe('63C2');
  });

  it('a wrong code takes back a verification', () => {
    const { send } = boot();
    send(selectName(AID_A));
    send(RIGHT);
    send(WRONG);
    expect(send(SECRET_RECORD)).toBe('6982');
  });

  it.each([
    ['a code of another application', '0020008304 31323334', '6A88'],
    ['P2 00', '0020000004 31323334', '6A88'],
    ['reserved bits of P2', '002000A104 31323334', '6A86'],
    ['P1 01', '0020018104 31323334', '6A86'],
    ['P1 FE', '0020FE8104 31323334', '6A86'],
    ['too short a code', '0020008103 313233', '6700'],
    ['too long a code', '0020008109 313233343536373839', '6700'],
    ['data with "forget"', '0020FF8104 31323334', '6A87'],
  ])('%s', (_, command, status) => {
    const { send } = boot();
    send(selectName(AID_A));
    expect(send(command)).toBe(status);
    expect(send(QUERY)).toBe('63C3');
  });

  it('a local code is not there outside its application; a card-wide one is everywhere', () => {
    const { send } = boot();
    expect(send(RIGHT)).toBe('6A88');
    expect(send('0020000104 39393939')).toBe('9000');
    send(selectName(AID_A));
    expect(send('00200001')).toBe('9000');
    expect(send('002000820438383838')).toBe('9000'); // 82 does not stand for 81
    expect(send(SECRET_RECORD)).toBe('6982');
  });

  it('a rule without an environment means the first code of its application, or of the card', () => {
    const { send } = boot();
    send('00A4080C 04 7F106F11');
    expect(send('00B0000001')).toBe('6982');
    send('0020000104 39393939');
    expect(send('00B0000001')).toBe('AB9000');
  });

  it.each([
    ['reset', (bench: ReturnType<typeof boot>) => bench.port.reset()],
    ['power on', (bench: ReturnType<typeof boot>) => bench.port.powerOn()],
    [
      'field off and on',
      (bench: ReturnType<typeof boot>) => {
        bench.port.fieldOff();
        bench.port.powerOn();
      },
    ],
    ['deselect', (bench: ReturnType<typeof boot>) => bench.port.deselect()],
    ['another application', (bench: ReturnType<typeof boot>) => bench.send(selectName(AID_C))],
    ['the MF', (bench: ReturnType<typeof boot>) => bench.send('00A4000C 02 3F00')],
    ['"forget"', (bench: ReturnType<typeof boot>) => bench.send('0020FF81')],
    [
      'a card-wide reset',
      (bench: ReturnType<typeof boot>) => {
        bench.card.reset();
        bench.port.powerOn();
      },
    ],
  ])('a verification is forgotten by %s', (_, forget) => {
    const bench = boot();
    bench.send(selectName(AID_A));
    bench.send(RIGHT);
    forget(bench);
    bench.send(selectName(AID_A));
    expect(bench.send(QUERY)).toBe('63C3');
    expect(bench.send(SECRET_RECORD)).toBe('6982');
  });

  it('a verification is kept by a SELECT inside the application, by name or by file', () => {
    const { send } = boot();
    send(selectName(AID_A));
    send(RIGHT);
    send('00A4020C 02 E001');
    send(selectName(AID_A));
    expect(send(selectName('A000000001'))).toBe('6A82');
    expect(send(SECRET_RECORD)).toBe('5EC19000');
  });

  it('comes in a chain too', () => {
    const { send } = boot();
    send(selectName(AID_A));
    expect(send('10200081023132')).toBe('9000');
    expect(send('00200081023334')).toBe('9000');
    expect(send(QUERY)).toBe('9000');
  });

  it('a padded code is compared as the whole block', () => {
    const specification = benchSpecification();
    const padded = code(0x01, '313233343536', { minLength: 6, maxLength: 8, paddedLength: 8 });
    const { send } = boot({
      specification: { ...specification, masterFile: { ...specification.masterFile, pins: [padded] } },
    });
    expect(send('0020000108 313233343536FFFF')).toBe('9000');
    expect(send('0020000108 3132333435360000')).toBe('63C2');
    expect(send('0020000106 313233343536')).toBe('6700');
  });

  it('the try is durable before the comparison: a memory that fails compares nothing', () => {
    const image = personalise(benchSpecification(), nobleHashes());
    const inner = new MemoryNvm(image);
    const pinTable = new DataView(image.buffer).getUint32(SUPERBLOCK.PINS);
    let durable = inner.snapshot();
    const atComparison: Uint8Array[] = [];
    let failing = false;
    const nvm = Object.assign(Object.create(inner), {
      size: inner.size,
      eraseValue: 0xff,
      writeGranule: 1,
      read: (address: number, target: Uint8Array, offset: number, length: number) => {
        if ((address - pinTable) % PIN.SIZE === PIN.HASH && length === 32) atComparison.push(durable);
        inner.read(address, target, offset, length);
      },
      readByte: (address: number) => inner.readByte(address),
      write: (address: number, source: Uint8Array, offset: number, length: number) =>
        inner.write(address, source, offset, length),
      flush: () => {
        if (failing) throw new HalError('storage', 'disk full');
        durable = inner.snapshot();
      },
    }) as MemoryNvm;
    const bench = boot({ nvm });
    bench.send(selectName(AID_A));
    expect(bench.send(RIGHT)).toBe('9000');
    // Had the power gone at the comparison, the card would have come back with a try less.
    expect(atComparison).toHaveLength(1);
    const cut = boot({ nvm: new MemoryNvm(atComparison[0]!) });
    cut.send(selectName(AID_A));
    expect(cut.send(QUERY)).toBe('63C2');

    atComparison.length = 0;
    failing = true;
    expect(bench.send(RIGHT)).toBe('6581');
    expect(atComparison).toEqual([]);
    expect(bench.faults).toHaveLength(1);
    bench.send(selectName(AID_A));
    expect(bench.send(SECRET_RECORD)).toBe('6982');
  });

  it('stores no code in the clear', () => {
    const { nvm } = boot();
    const image = Buffer.from(nvm.snapshot());
    expect(image.includes(Buffer.from('8888'))).toBe(false);
    expect(image.includes(Buffer.from('9999'))).toBe(false);
  });
});

describe('interfaces and the holder', () => {
  it('contactless: the plain VERIFY is refused and spends no try; the query is answered', () => {
    const { send } = boot({ cardInterface: 'contactless' });
    send(selectName(AID_A));
    expect(send(RIGHT)).toBe('6982');
    expect(send(WRONG)).toBe('6982');
    expect(send(QUERY)).toBe('63C3');
    expect(send(SECRET_RECORD)).toBe('6982');
  });

  function phone() {
    const bench = boot({ cardInterface: 'contactless' });
    const screen = bench.card.port('wired');
    screen.powerOn();
    const wired = sender(screen);
    wired(selectName(AID_A));
    bench.send(selectName(AID_A));
    return { ...bench, wired };
  }

  it('the holder’s unlock opens the window for the contactless side', () => {
    const { send, wired } = phone();
    expect(send(SECRET_RECORD)).toBe('6982');
    expect(wired(RIGHT)).toBe('9000');
    expect(send(SECRET_RECORD)).toBe('5EC19000');
    expect(send(QUERY)).toBe('63C3'); // the reader itself has proven nothing
  });

  it('the window closes by time', () => {
    const { send, wired, clock } = phone();
    wired(RIGHT);
    clock.advance(59_999_999_999);
    expect(send(SECRET_RECORD)).toBe('5EC19000');
    clock.advance(1);
    expect(send(SECRET_RECORD)).toBe('6982');
  });

  it('the window closes by use: one presentation, however many reads', () => {
    const { send, wired, port, card } = phone();
    wired(RIGHT);
    expect(send(SECRET_RECORD)).toBe('5EC19000');
    expect(send('00B2022400')).toBe('5EC29000');
    port.fieldOff();
    port.powerOn();
    expect(card.holder.isOpen()).toBe(false);
    send(selectName(AID_A));
    expect(send(SECRET_RECORD)).toBe('6982');
  });

  it('a tap that reads nothing guarded uses up nothing', () => {
    const { send, wired, port } = phone();
    wired(RIGHT);
    for (let i = 0; i < 3; i++) {
      port.powerOn();
      send(selectName(AID_A));
      send('00B2010C00');
      port.fieldOff();
    }
    port.powerOn();
    send(selectName(AID_A));
    expect(send(SECRET_RECORD)).toBe('5EC19000');
  });

  it.each([
    ['the holder locks', (p: ReturnType<typeof phone>) => p.wired('0020FF81')],
    ['a wrong code on the phone', (p: ReturnType<typeof phone>) => p.wired(WRONG)],
    [
      'the phone restarts',
      (p: ReturnType<typeof phone>) => {
        p.card.reset();
        p.port.powerOn();
        p.send(selectName(AID_A));
      },
    ],
  ])('the window closes when %s', (_, close) => {
    const bench = phone();
    bench.wired(RIGHT);
    close(bench);
    expect(bench.send(SECRET_RECORD)).toBe('6982');
  });

  it('a use is charged by an answer, not by a refusal', () => {
    const { send, wired, port } = phone();
    wired(RIGHT);
    for (const refused of ['00B2FE2400', '00B2012401', '00B0857F01']) send(refused);
    port.fieldOff();
    port.powerOn();
    send(selectName(AID_A));
    expect(send(SECRET_RECORD)).toBe('5EC19000');
  });

  it('one use is for one reader: another one at the same time gets nothing', () => {
    const { card, send, wired } = phone();
    const other = card.port('contactless');
    other.powerOn();
    const second = sender(other);
    second(selectName(AID_A));
    wired(RIGHT);
    expect(send(SECRET_RECORD)).toBe('5EC19000');
    expect(second(SECRET_RECORD)).toBe('6982');
    expect(send(SECRET_RECORD)).toBe('5EC19000');
  });

  it('the end of an old presentation does not use up a new window', () => {
    const { send, wired, port, clock } = phone();
    wired(RIGHT);
    send(SECRET_RECORD);
    clock.advance(61e9);
    wired(RIGHT);
    port.fieldOff();
    port.powerOn();
    send(selectName(AID_A));
    expect(send(SECRET_RECORD)).toBe('5EC19000');
  });

  it('what waits for GET RESPONSE is not given after the window has closed', () => {
    const bench = boot();
    const limits = {
      largestCommand: 261,
      largestResponse: 3,
      historicalBytes: 15,
      fixedAts: null,
      uid: 'any',
    } as const;
    const port = bench.card.port('contactless', limits);
    port.powerOn();
    const send = sender(port);
    const screen = bench.card.port('wired');
    screen.powerOn();
    const wired = sender(screen);
    wired(selectName(AID_A));
    send('00A4040C07F0564954415001');
    wired(RIGHT);
    expect(send(SECRET_RECORD)).toBe('5E6101');
    wired('0020FF81');
    expect(send('00C0000001')).toBe('6982');
    expect(send('00C0000001')).toBe('6985');
  });

  it('the window is for the files of the code that was typed', () => {
    const specification = benchSpecification();
    const { masterFile } = specification;
    const guarded = {
      kind: 'transparent',
      fid: 0xe001,
      sfi: 1,
      access: reading(0x12),
      content: Uint8Array.of(1),
    } as const;
    const other = {
      kind: 'directory',
      fid: 0xdf09,
      name: fromHex('F0 99'),
      label: null,
      access: FREE,
      pins: [code(0x81, '31323334', { unlocksHolder: true })],
      environments: [{ id: 2, pin: 0x81, by: 'holder' }],
      children: [guarded],
    } as const;
    const bench = boot({
      specification: { ...specification, masterFile: { ...masterFile, children: [...masterFile.children, other] } },
      cardInterface: 'contactless',
    });
    const screen = bench.card.port('wired');
    screen.powerOn();
    const wired = sender(screen);
    wired(selectName(AID_A));
    wired(RIGHT);
    bench.send(selectName('F0 99'));
    expect(bench.send('00B0810000')).toBe('6982');
    wired(selectName('F0 99'));
    wired('0020008104 31323334');
    expect(bench.send('00B0810000')).toBe('019000');
  });

  it.each([
    ['a code that is not the holder’s', '002000820438383838'],
    ['a card-wide code', '002000010439393939'],
  ])('%s opens no window', (_, verify) => {
    const { send, wired } = phone();
    expect(wired(verify)).toBe('9000');
    expect(send(SECRET_RECORD)).toBe('6982');
  });

  it.each([
    ['a wrong code', WRONG],
    ['"forget"', '0020FF81'],
  ])('%s at a contact reader leaves the window open', (_, command) => {
    const { card, send, wired } = phone();
    wired(RIGHT);
    const contact = card.port('contact');
    contact.powerOn();
    const reader = sender(contact);
    reader(selectName(AID_A));
    reader(command);
    expect(send(SECRET_RECORD)).toBe('5EC19000');
  });

  it('a blocked code on the phone closes the window', () => {
    const { card, send, wired } = phone();
    wired(RIGHT);
    const contact = card.port('contact');
    contact.powerOn();
    const reader = sender(contact);
    reader(selectName(AID_A));
    for (let i = 0; i < 3; i++) reader(WRONG);
    expect(send(SECRET_RECORD)).toBe('5EC19000');
    expect(wired(RIGHT)).toBe('6983');
    expect(send(SECRET_RECORD)).toBe('6982');
  });

  it('a code typed at a contact reader opens no window', () => {
    const bench = boot();
    bench.send(selectName(AID_A));
    bench.send(RIGHT);
    expect(bench.card.holder.isOpen()).toBe(false);
  });

  it('tries are shared by all interfaces', () => {
    const { card, send } = boot();
    const wired = card.port('wired');
    wired.powerOn();
    const type = sender(wired);
    type(selectName(AID_A));
    type(WRONG);
    send(selectName(AID_A));
    expect(send(WRONG)).toBe('63C1');
  });
});
