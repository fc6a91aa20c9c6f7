import { describe, expect, it } from 'vitest';
import { Pn532 } from '../../../src/hal/pn532/chip.ts';
import { LARGEST_DATA } from '../../../src/hal/pn532/codes.ts';
import type { Pn532Transport } from '../../../src/hal/pn532/transport.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

/** A chip behind a transport that answers each command with these bytes. */
function answering(answer: string): { chip: Pn532; sent: string[] } {
  const sent: string[] = [];
  const transport: Pn532Transport = {
    name: 'pn532:/dev/test',
    largestCommand: 264,
    largestResponse: 264,
    waitsForever: true,
    exchange: async (command) => {
      sent.push(hex(command));
      return bytes(answer);
    },
    abort: () => {},
    onLost: () => {},
    close: async () => {},
  };
  return { chip: new Pn532(transport), sent };
}

const MIFARE = bytes('0400 112233 20');

describe('Pn532', () => {
  // Command bytes as the manual lists them; those of libnfc's tools as they were seen on the line.
  it.each<[string, (chip: Pn532) => Promise<unknown>, string, string, unknown]>([
    [
      'Diagnose 00',
      (c) => c.diagnoseCommunicationLine(bytes('6c69626e6663')),
      '00006c69626e6663',
      '01006c69626e6663',
      bytes('6c69626e6663'),
    ],
    ['Diagnose 01, ROM', (c) => c.diagnoseRom(), '0001', '0100', true],
    ['Diagnose 01, ROM damaged', (c) => c.diagnoseRom(), '0001', '01ff', false],
    ['Diagnose 02, RAM', (c) => c.diagnoseRam(), '0002', '0100', true],
    ['Diagnose 04', (c) => c.diagnosePolling(424), '000402', '0180', 128],
    ['Diagnose 06, card there', (c) => c.diagnosePresence(), '0006', '0100', true],
    ['Diagnose 06, card gone', (c) => c.diagnosePresence(), '0006', '0101', false],
    ['Diagnose 07', (c) => c.diagnoseAntenna(0x3e), '00073e', '0100', true],
    [
      'GetFirmwareVersion',
      (c) => c.getFirmwareVersion(),
      '02',
      '0332010607',
      { ic: 0x32, version: 1, revision: 6, support: 7 },
    ],
    [
      'GetGeneralStatus',
      (c) => c.getGeneralStatus(),
      '04',
      '05 00 01 01 01 01 02 00 80',
      { error: 0, externalField: true, targets: [{ number: 1, rx: 1, tx: 2, type: 0 }], samStatus: 0x80 },
    ],
    ['ReadRegister', (c) => c.readRegister(0x6302, 0x633d), '066302633d', '078000', bytes('8000')],
    ['WriteRegister', (c) => c.writeRegister([0x6302, 0x80], [0x6303, 0x80]), '08630280630380', '09', undefined],
    ['ReadGPIO', (c) => c.readGpio(), '0c', '0d3f0602', { p3: 0x3f, p7: 6, i: 2 }],
    ['WriteGPIO, P3 alone', (c) => c.writeGpio({ p3: 0x01, p7: null }), '0e8100', '0f', undefined],
    ['SetSerialBaudRate', (c) => c.setSerialBaudRate(921_600), '1007', '11', undefined],
    ['SetParameters', (c) => c.setParameters(0x14), '1214', '13', undefined],
    ['SAMConfiguration', (c) => c.samConfiguration(1), '1401', '15', undefined],
    [
      'SAMConfiguration, virtual card, 1 s, no IRQ',
      (c) => c.samConfiguration(2, 0x14, false),
      '14021400',
      '15',
      undefined,
    ],
    ['PowerDown', (c) => c.powerDown(0xf0), '16f0', '1700', undefined],
    ['RFConfiguration, field off', (c) => c.rfField(false), '320100', '33', undefined],
    ['RFConfiguration, field on, looking first', (c) => c.rfField(true, true), '320103', '33', undefined],
    ['RFConfiguration, timings', (c) => c.rfTimings(0x0b, 0x0a), '3202000b0a', '33', undefined],
    ['RFConfiguration, retries', (c) => c.maxRetries(0xff, 0x01, 0x02), '3205ff0102', '33', undefined],
    [
      'RFConfiguration, analog 106 A',
      (c) => c.rfConfiguration(0x0a, bytes('59f43f114d85616f266287')),
      '320a59f43f114d85616f266287',
      '33',
      undefined,
    ],
    [
      'InListPassiveTarget',
      (c) => c.listTypeA(),
      '4a0100',
      '4b01 01 0004 20 04 08112233 0578778002',
      [{ number: 1, sensRes: 0x0004, selRes: 0x20, uid: bytes('08112233'), ats: bytes('0578778002') }],
    ],
    [
      'InListPassiveTarget, two cards, one with a UID of 7 bytes and no ATS',
      (c) => c.listTypeA(2),
      '4a0200',
      '4b02 01 0044 00 07 04112233445566 02 0004 20 04 08112233 0578778002',
      [
        { number: 1, sensRes: 0x0044, selRes: 0x00, uid: bytes('04112233445566'), ats: null },
        { number: 2, sensRes: 0x0004, selRes: 0x20, uid: bytes('08112233'), ats: bytes('0578778002') },
      ],
    ],
    ['InListPassiveTarget, none', (c) => c.listTypeA(), '4a0100', '4b00', []],
    [
      'InDataExchange',
      (c) => c.inDataExchange(1, bytes('00a4000c')),
      '400100a4000c',
      '41009000',
      { status: 0, more: false, data: bytes('9000') },
    ],
    [
      'InDataExchange, more to come both ways',
      (c) => c.inDataExchange(1, bytes('aabb'), true),
      '4041aabb',
      '4140cc',
      { status: 0, more: true, data: bytes('cc') },
    ],
    [
      'InDataExchange, no answer',
      (c) => c.inDataExchange(1, bytes('00')),
      '400100',
      '4101',
      { status: 1, more: false, data: bytes('') },
    ],
    [
      'InCommunicateThru',
      (c) => c.inCommunicateThru(bytes('e080')),
      '42e080',
      '43000578',
      { status: 0, more: false, data: bytes('0578') },
    ],
    ['InDeselect', (c) => c.inDeselect(0), '4400', '4500', undefined],
    ['InPSL', (c) => c.inPsl(1, 2, 1), '4e010201', '4f00', undefined],
    ['InRelease', (c) => c.inRelease(0), '5200', '5300', undefined],
    ['InSelect', (c) => c.inSelect(1), '5401', '5500', undefined],
    ['InAutoPoll', (c) => c.inAutoPoll(0xff, 1, [0x00, 0x20]), '60ff010020', '6100', bytes('00')],
    [
      'TgInitAsTarget, ISO/IEC 14443-4 only',
      (c) => c.tgInitAsTarget({ mode: 5, mifare: MIFARE, historicalBytes: bytes('80') }),
      `8c05040011223320${'00'.repeat(18)}${'00'.repeat(10)}000180`,
      '8d08e080',
      { mode: 8, command: bytes('e080') },
    ],
    [
      'TgInitAsTarget, given up by a USB reader',
      (c) => c.tgInitAsTarget({ mode: 5, mifare: MIFARE }),
      `8c05040011223320${'00'.repeat(30)}`,
      '8d',
      null,
    ],
    ['TgGetData', (c) => c.tgGetData(), '86', '870000a4', { status: 0, more: false, data: bytes('00a4') }],
    ['TgGetData, released', (c) => c.tgGetData(), '86', '8729', { status: 0x29, more: false, data: bytes('') }],
    ['TgSetData', (c) => c.tgSetData(bytes('9000')), '8e9000', '8f00', 0],
    ['TgSetMetaData', (c) => c.tgSetMetaData(bytes('aa')), '94aa', '9500', 0],
    [
      'TgGetInitiatorCommand',
      (c) => c.tgGetInitiatorCommand(),
      '88',
      '8900e080',
      { status: 0, more: false, data: bytes('e080') },
    ],
    ['TgResponseToInitiator', (c) => c.tgResponseToInitiator(bytes('0578807002')), '900578807002', '9129', 0x29],
    ['TgGetTargetStatus', (c) => c.tgGetTargetStatus(), '8a', '8b8121', { state: 0x81, rx: 2, tx: 1 }],
    ['TgSetGeneralBytes', (c) => c.tgSetGeneralBytes(bytes('46666d')), '9246666d', '9300', undefined],
  ])('%s', async (_, call, command, answer, expected) => {
    const { chip, sent } = answering(answer);
    expect(await call(chip)).toEqual(expected);
    expect(sent).toEqual([command]);
  });

  it('makes an error of a status that is none, with its name and the command', async () => {
    const { chip } = answering('4527');
    await expect(chip.inDeselect(1)).rejects.toMatchObject({
      name: 'HalError',
      status: 0x27,
      reason: 'wrong-context',
      message:
        'the PN532 on /dev/test reports for InDeselect: the command does not fit what the chip is doing (error 27)',
    });
  });

  it('ignores the flags beside the error code', async () => {
    const { chip } = answering('45c0');
    await expect(chip.inDeselect(1)).resolves.toBeUndefined();
  });

  it.each<[string, (chip: Pn532) => Promise<unknown>, string]>([
    ['a version', (c) => c.getFirmwareVersion(), '033201'],
    ['a general status', (c) => c.getGeneralStatus(), '05000002010000'],
    ['registers', (c) => c.readRegister(0x6301, 0x6302), '0780'],
    ['ports', (c) => c.readGpio(), '0d3f'],
    ['a target', (c) => c.listTypeA(), '4b01010004200408'],
    ['a target status', (c) => c.tgGetTargetStatus(), '8b'],
    ['a status byte', (c) => c.inRelease(0), '53'],
  ])('refuses %s that is cut short', async (_, call, answer) => {
    const { chip } = answering(answer);
    await expect(call(chip)).rejects.toMatchObject({
      kind: 'protocol',
      message: expect.stringContaining('too few bytes'),
    });
  });

  it('refuses a baud rate that the chip does not have', async () => {
    const { chip, sent } = answering('11');
    await expect(chip.setSerialBaudRate(1_000_000)).rejects.toThrow(RangeError);
    expect(sent).toEqual([]);
  });

  it('carries the 262 bytes that the chip does', async () => {
    const { chip, sent } = answering('4100');
    await chip.inDataExchange(1, new Uint8Array(LARGEST_DATA));
    expect(sent[0]).toHaveLength(2 * 264);
  });
});
