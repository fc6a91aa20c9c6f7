import { describe, expect, it } from 'vitest';
import { FAULTS } from './fault-list.ts';
import { exchanges, read, script } from './text-trace.ts';

describe('what is wrong is said with its place, and what came before is kept', () => {
  it.each(FAULTS)('%s: %s', async (format, _what, text, problem, before) => {
    let said: readonly string[] = [];
    let message: string | undefined;
    try {
      const { events, fault } = await read(format, text);
      said = exchanges(events);
      message = fault?.message;
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toBe(problem);
    expect(said).toEqual(before);
  });

  it('a text of nothing, and one of something else', async () => {
    await expect(read('pcscd-log', '')).rejects.toThrow(/there is no APDU in this text/);
    await expect(read('pcscd-log', 'hello\n')).rejects.toThrow(/^line 1: there is no APDU in this text/);
  });

  it('a line longer than a megabyte, and a NUL', async () => {
    const long = `00000000 APDU: ${'00 '.repeat(400_000)}\n`;
    await expect(read('pcscd-log', long, 65_536)).rejects.toThrow(/^line 1: the line is longer than any of a trace/);
    await expect(read('pcscd-log', '00000000 APDU: 00\0\n')).rejects.toThrow(/NUL/);
  });

  it('a dump of more bytes than any APDU has', async () => {
    const rows = `${'00 '.repeat(16)}................\n`.repeat(5000);
    const { fault } = await read('opensc-tool', `Sending: 00 B0 \nReceived (SW1=0x90, SW2=0x00):\n${rows}`, 65_536);
    expect(fault?.message).toMatch(/^line \d+: these are more bytes than an APDU has$/);
  });
});

describe('what a log tells twice, late, or not', () => {
  it('pcscd: a response without a command, cut gaps, words of a journal, threads', async () => {
    const { events, losses } = await read(
      'pcscd-log',
      [
        'Nov 23 11:48:12 lab pcscd[812]: 00000000 SW: 90 00 ',
        'Nov 23 11:48:12 lab pcscd[812]: 00000100 [140233] APDU: 00 20 00 81 ',
        'Nov 23 11:48:13 lab pcscd[812]: 99999999 [140233] SW: 6A 88 ',
        '',
      ].join('\n'),
    );
    expect(script(events)).toEqual(['> 00200081', '< 6A88']);
    expect(events.map(({ t }) => t)).toEqual([0, 99_999_999_000]);
    expect(losses).toEqual({
      'responses that answer no command': 1,
      'times between lines that pcscd cut to 100 seconds': 1,
    });
  });

  it('pcscd: masked bytes come back as masks', async () => {
    const { events } = await read('pcscd-log', '00000000 APDU: 00 20 00 81 04 XX XX XX XX \n00000001 SW: 90 00 \n');
    expect(events[0]).toEqual({
      type: 'command',
      t: 0,
      apdu: '0020008104XXXXXXXX',
      masks: [{ offset: 5, length: 4, what: 'code' }],
    });
  });

  it('OpenSC: midnight, and the headings of older versions', async () => {
    const { events } = await read(
      'opensc-debug',
      [
        '0x7f1 23:59:59.999 [opensc-tool] apdu.c:187:sc_apdu_log: ',
        'Outgoing APDU data [    4 bytes] =====================================',
        '00 20 00 81 . ..',
        '======================================================================',
        '0x7f1 00:00:00.001 [opensc-tool] apdu.c:187:sc_apdu_log: ',
        'Incoming APDU data [    2 bytes] =====================================',
        '6A 88 j.',
        '======================================================================',
        '',
      ].join('\n'),
    );
    expect(script(events)).toEqual(['> 00200081', '< 6A88']);
    expect(events.map(({ t }) => t)).toEqual([0, 2_000_000]);
  });

  it('opensc-tool: text that looks like bytes, and a first row that is short', async () => {
    const { events } = await read(
      'opensc-tool',
      'Sending: 00 B0 00 00 00 \nReceived (SW1=0x90, SW2=0x00):\n30 30 20 00 \nSending: 00 B0 00 00 04 \nReceived (SW1=0x90, SW2=0x00):\n41 42 20 43 AB C\n',
    );
    expect(exchanges(events).filter((line) => line.startsWith('<'))).toEqual(['< 3030209000', '< 414220439000']);
  });

  it('libpcscspy: two readers, two threads, a transmit that fails, a clock that goes back', async () => {
    const connect = (thread: string, reader: string, handle: string): string[] =>
      [`>|100|0|SCardConnect`, '0x1', reader, '0x2', '0x3', '0x0', '0x0', handle, '0x2'].map(
        (arg) => `${thread}@${arg}`,
      );
    const transmit = (thread: string, handle: string, us: number): string[] =>
      [`>|100|${us}|SCardTransmit`, handle, '0x2', '0x10', '0x00000004', '00 20 00 81 '].map(
        (arg) => `${thread}@${arg}`,
      );
    const answer = (thread: string, us: number): string[] =>
      ['0x2', '0x10', '0x00000002', '6A 88 ', `<|100|${us}|SCardTransmit|Command successful.|0x00000000`].map(
        (arg) => `${thread}@${arg}`,
      );
    const { events, losses, header } = await read(
      'pcsc-spy',
      [
        ...connect('A', 'First', '0xA1'),
        'A@<|100|10|SCardConnect|Command successful.|0x00000000',
        ...connect('B', 'Second', '0xB1'),
        'B@<|100|10|SCardConnect|Command successful.|0x00000000',
        ...transmit('B', '0xB1', 500),
        ...transmit('A', '0xA1', 600),
        ...answer('A', 700),
        ...answer('B', 400),
        ...transmit('A', '0xA1', 800),
        'A@0x2',
        'A@0x10',
        'A@0x00000000',
        'A@',
        'A@<|100|900|SCardTransmit|Transaction failed.|0x80100016',
        ...transmit('A', '0xA1', 1000),
        '',
      ].join('\n'),
    );
    expect(header.reader).toBe('First');
    expect(script(events)).toEqual([
      'power on',
      '> 00200081',
      '< 6A88',
      '> 00200081',
      'note SCardTransmit: Transaction failed. [0x80100016]',
    ]);
    expect(losses).toEqual({ 'exchanges with other cards (--card chooses one)': 1, 'calls that did not return': 1 });
  });

  it.each([
    ['by indentation', (thread: number) => '    '.repeat(thread)],
    ['by number', (thread: number) => `${'    '.repeat(thread)} (t${thread}) `],
  ])('pcsc-spy: two threads, told apart %s', async (_how, indent) => {
    const calls: readonly (readonly [thread: number, lines: readonly string[]])[] = [
      [0, ['SCardConnect', ' i szReader First', ' o phCard 0xA1 (1)', ' o dwActiveProtocol: T=1 (0x00000002)']],
      [0, [' => ok. (SCARD_S_SUCCESS [0x00000000])  [0.000100]']],
      [0, ['SCardTransmit', ' i hCard: 0xA1', ' i bSendBuffer', ' i  0000 00 20 00 81'.padEnd(60)]],
      [1, ['SCardTransmit', ' i hCard: 0xB1', ' i bSendBuffer', ' i  0000 00 B0 00 00'.padEnd(60)]],
      [0, [' o bRecvBuffer', ' o  0000 6A 88'.padEnd(60), ' => ok. (SCARD_S_SUCCESS [0x00000000])  [0.002000]']],
      [1, [' o bRecvBuffer', ' o  0000 69 82'.padEnd(60), ' => ok. (SCARD_S_SUCCESS [0x00000000])  [0.003000]']],
    ];
    const text = calls.flatMap(([thread, lines]) => lines.map((line) => `${indent(thread)}${line}\n`)).join('');
    const { events, losses } = await read('pcsc-spy-text', text);
    expect(script(events)).toEqual(['power on', '> 00200081', '< 6A88']);
    expect(losses).toEqual({ 'exchanges with other cards (--card chooses one)': 1 });
  });

  it('a dump of apdu4j with a failed exchange in its middle', async () => {
    const { events } = await read('apdu4j-dump', '00200081\n# 5ms SCARD_E_NOT_TRANSACTED\n00B0000000\n# 2ms\n6982\n');
    expect(script(events)).toEqual([
      '> 00200081',
      'note no response: SCARD_E_NOT_TRANSACTED',
      '> 00B0000000',
      '< 6982',
    ]);
  });

  it('a script of scriptor ends where scriptor does', async () => {
    const { events } = await read('scriptor-script', '00200081\n# the exit\n00B0000000\n');
    expect(script(events)).toEqual(['> 00200081']);
  });
});
