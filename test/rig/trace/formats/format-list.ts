/*
 * What tests of every format share: a file of each, and the words that its files are put together from.
 */
export interface FormatPieces {
  /** Files in test/vectors/traces. */
  readonly samples: readonly string[];
  /** What its files are put together from. */
  readonly words: readonly (string | Uint8Array)[];
}

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

/** Every format that is read: each importer has its row, and a test holds that it is so. */
export const FORMATS: Readonly<Record<string, FormatPieces>> = {
  vitap: {
    samples: ['session.jsonl'],
    words: [
      '{"type":"header","format":"vitap-trace","version":1,"source":"x","backend":"unknown","reader":null,"interface":null,"atr":null,"ats":null,"card":null,"clock":"ns","startedAt":null,"redactions":[],"secretsKept":true}\n',
      '{"type":"command","t":0,"apdu":"00"}\n',
      '{"type":"response","t":1e3,"apdu":"9000"}\n',
      '{"type":"note","t":-1,"text":""}\n',
      '{"type":"block"',
      '}',
    ],
  },
  pcapng: {
    samples: ['simple-packets.pcapng'],
    words: [
      bytes('0A0D0D0A 1C000000 4D3C2B1A 01000000 FFFFFFFFFFFFFFFF 1C000000'),
      bytes('01000000 14000000 08010000 00000000 14000000'),
      bytes('03000000 18000000 05000000 00FE0001 52000000 18000000'),
      bytes('06000000 28000000 00000000 FFFFFFFF FFFFFFFF 05000000 05000000 00FE0001 26000000 28000000'),
      bytes('02000000 28000000 00000000 00000001 00000000 05000000 05000000 00FE0001 26000000 28000000'),
    ],
  },
  pcap: {
    samples: ['gsmtap-manage-channel.pcap', 'clock-step-105days.pcap', 'usbpcap-ccid.pcap'],
    words: [
      bytes('D4C3B2A1 02000400 00000000 00000000 FFFF0000 08010000'),
      bytes('D4C3B2A1 02000400 00000000 00000000 FFFF0000 F9000000'),
      bytes('FFFFFFFF FFFFFFFF 05000000 05000000 00FE000126'),
      bytes('00000000 00000000 05000000 05000000 00FF000109'),
      bytes('00000000 00000000 00000000 00000000'),
    ],
  },
  proxmark: {
    samples: ['proxmark-empty-frame.trace'],
    words: [
      bytes('00100000 0004 0100 26 00'),
      bytes('FFFFFFFF 0000 0080 00'),
      bytes('00000000 FFFF 0280 0400 40'),
      bytes('00'),
    ],
  },
  'apdu4j-dump': {
    samples: ['apdu4j.dump'],
    words: ['# ATR: 3B00', '# 24ms', '# 1s3ms no', '00A40400', '9000', '9', '#'],
  },
  apdutool: {
    samples: ['apdutool.out'],
    words: ['CLA: 00, ', 'INS: a4, ', 'P1: 04, P2: 00, ', 'Lc: 00, ', 'Lc: 01, 3f, ', 'Le: 00, ', 'SW1: 90, SW2: 00'],
  },
  'apdutool-script': {
    samples: ['apdutool.scr'],
    words: [
      'powerup;',
      'powerdown;',
      '0x00 ',
      '0xA4 ',
      ';',
      '//',
      'echo "a";',
      'extended on;',
      '255 ',
      '256 ',
      'delay 1;',
    ],
  },
  cardpeek: {
    samples: ['cardpeek.clf'],
    words: ['# cardpeek trace file', 'R:', 'C:', '3B00', ':9000:', ':', '00A4', '# end'],
  },
  gematik: {
    samples: ['gematik.jsonl'],
    words: [
      '{"type":"header","version":1,"supports_extended_length":true}',
      '{"type":"exchange","tx":"00","rx":"9000"}',
      '{"type":"exchange","tx":null}',
      '{"type":"error","tx":"00"}',
      '[]',
      'null',
      '{',
    ],
  },
  'gp-log': {
    samples: ['gp.log', 'apdu4j.log'],
    words: [
      'A>> ',
      '<< ',
      'T=1 ',
      '(4+0000) ',
      '(0000+2) ',
      '(1ms) ',
      '00A40400',
      ' 9000',
      '[malformed]',
      'SCardConnect("a", T=*) -> T=1, 3B00',
    ],
  },
  gpshell: {
    samples: ['gpshell.txt'],
    words: ['Command --> ', 'Wrapped command --> ', 'Response <-- ', '00A4', '9000', '0'],
  },
  jcshell: {
    samples: ['jcshell.txt'],
    words: [' => ', ' <= ', '00 A4 ', '90 00', '    ....', ' (12 usec)', 'ATR=3B 00 ', 'Status: '],
  },
  'opensc-debug': {
    samples: ['opensc-debug-9.log', 'opensc-2015.log', 'opensc-windows.log', 'opensc-interleaved.log'],
    words: [
      'Outgoing APDU (2 bytes):',
      'Incoming APDU (1 bytes):',
      '90 00 ..',
      '90 .',
      '0x1 12:00:00.000 [a] b.c:1:d: ',
      'P:1; T:0x2 12:00:00.000 [a] b.c:1:d: ',
      '2015-99-99 12:00:00.000 ',
      "reader 'x'",
      ':match_atr_table: ATR     : 3b:00',
    ],
  },
  'opensc-tool': {
    samples: ['opensc-tool.txt', 'opensc-tool-trimmed.txt'],
    words: ['Sending: ', '00 A4 ', 'Received (SW1=0x90, SW2=0x00)', ':', '90 00 ..', 'APDU transmit failed'],
  },
  'pcsc-spy': {
    samples: ['pcsc-spy.raw', 'pcsc-spy-reset.raw', 'pcsc-spy-2.x.raw'],
    words: [
      'A@',
      '>|1|2|SCardTransmit',
      '>|1|2|SCardConnect',
      '<|1|2|SCardTransmit|x|0x00000000',
      '0x00000002',
      '90 00 ',
      'NULL',
    ],
  },
  'pcsc-spy-text': {
    samples: ['pcsc-spy.txt', 'pcsc-spy-reset-color.txt'],
    words: [
      'SCardTransmit',
      'SCardConnect',
      ' i hCard: 0x1',
      ' i bSendBuffer',
      ' i  0000 00 A4',
      ' o bRecvBuffer',
      ' => ok (X [0x00000000])  [0.000001]',
    ],
  },
  'pcscd-log': {
    samples: [
      'pcscd-apdu.log',
      'pcscd-info-apdu.log',
      'pcscd-journal-times.log',
      'pcscd-syslog.log',
      'pcscd-two-threads.log',
    ],
    words: [
      '00000010 ',
      '99999999 ',
      'APDU: ',
      'SW: ',
      'Card ATR: ',
      '00 A4 ',
      '90 00 ',
      '9',
      'Card Removed From x',
      '[1a] ',
      '[2b] ',
      'host pcscd[1]: ',
      '12:00:00.5 ',
    ],
  },
  scriptor: {
    samples: ['scriptor-file.txt', 'scriptor-stdin.txt'],
    words: ['> ', '< ', 'RESET', 'OK: ', 'KO: no', '00 A4 ', '90 00', ' : Normal processing.'],
  },
  'scriptor-script': { samples: ['session.scr'], words: ['00 A4 ', '00A40400', '\\', '#', 'reset', 'exit', ':'] },
  'opensc-explorer': {
    samples: ['opensc-explorer.txt'],
    words: [
      'OpenSC Explorer version 1',
      'OpenSC [3F00]> ',
      'Sending: ',
      '00 A4 ',
      'Received (SW1=0x90, SW2=0x00)',
      ':',
      '90 00 ..',
      'Success!',
    ],
  },
  'proxmark-list': {
    samples: ['pm3-list.txt'],
    words: [
      '[+] Recorded activity (trace len = 1 bytes)',
      ' 0 | 1056 | Rdr |26(7) | | REQA',
      ' 2228 | 4596 | Tag |04  00 | ok |',
      ' | | |90! 00 | !! | x',
      '|',
      'Rdr',
    ],
  },
  'proxmark-hexdump': {
    samples: ['pm3-hexdump.txt'],
    words: [
      '0.0000000001',
      ' ',
      '000000 00 fe 00 01 52',
      '000000 00 ff 00 05 01',
      '0.1 000000 00 fe 00 01 26',
      '000010 00 ',
    ],
  },
  libnfc: {
    samples: ['libnfc-tag4.txt'],
    words: ['    In: ', '    Out: ', '00  a4  ', '90  00  ', '0', 'Target Released'],
  },
  pyscard: {
    samples: ['pyscard-observer.txt'],
    words: ['connecting to x', 'disconnecting from x', '> ', '<  ', '[] ', '00 A4 ', '90 0', '6A 82', 'F'],
  },
};
