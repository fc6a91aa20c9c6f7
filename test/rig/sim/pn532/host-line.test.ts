import { describe, expect, it } from 'vitest';
import { parseFault } from '../../../../rig/sim/faults/parse.ts';
import { type SimulatedPair, simulatedPair } from '../../../../rig/sim/pair.ts';
import { commandFrame, fromHex, Host } from '../host.ts';

const ACK = '0000ff00ff00';
const ERROR = '0000ff01ff7f8100';
/** As libnfc sends it, without a pause before the command. */
const WAKE = '55550000000000000000000000000000';
const SAM_CONFIGURATION = '0000ff03fdd414011700';
const SAM_ANSWER = '0000ff02fed5151600';
const GET_FIRMWARE = '0000ff02fed4022a00';
const FIRMWARE = '0000ff06fad50332010607e800';

/** Lets virtual time pass. */
async function pass(pair: SimulatedPair, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    pair.clock.after(ms * 1e6, resolve);
  });
}

async function awake(): Promise<{ pair: SimulatedPair; host: Host }> {
  const pair = simulatedPair();
  const host = await Host.open(pair, 'a');
  await host.wake();
  return { pair, host };
}

describe('the host line of a simulated PN532', () => {
  it('is asleep after power on: a command without wake-up is not heard', async () => {
    const pair = simulatedPair();
    const host = await Host.open(pair, 'a');
    await host.send(GET_FIRMWARE);
    await pass(pair, 100);
    expect(host.pending).toBe('');
  });

  it.each([
    ['as nfcpy asks, after ten zeros', '00000000000000000000'],
    ['as the HSU sketches ask', '5555000000'],
    ['as libnfc wakes it', WAKE],
  ])('tells its version before SAMConfiguration: %s', async (_, wake) => {
    const pair = simulatedPair();
    const host = await Host.open(pair, 'a');
    await host.send(wake);
    await pass(pair, 1);
    await host.send(GET_FIRMWARE);
    expect([await host.frame(), await host.frame()]).toEqual([ACK, FIRMWARE]);
  });

  it('takes SAMConfiguration first when it is told to be strict', async () => {
    const pair = simulatedPair({ a: { faults: [parseFault('a:sam-first').fault] } });
    const host = await Host.open(pair, 'a');
    await host.send(WAKE + GET_FIRMWARE);
    await pass(pair, 100);
    expect(host.pending).toBe('');
    await host.send(SAM_CONFIGURATION);
    expect([await host.frame(), await host.frame()]).toEqual([ACK, SAM_ANSWER]);
    await host.send(GET_FIRMWARE);
    expect([await host.frame(), await host.frame()]).toEqual([ACK, FIRMWARE]);
  });

  it.each(['00000000000000000000', '5555000000', `ffff${WAKE}`])('is woken by %s', async (preamble) => {
    const pair = simulatedPair();
    const host = await Host.open(pair, 'a');
    await host.send(preamble);
    await pass(pair, 1);
    await host.send(SAM_CONFIGURATION);
    expect(await host.frame()).toBe(ACK);
  });

  it('answers with ACK and response', async () => {
    const { host } = await awake();
    await host.send(GET_FIRMWARE);
    expect([await host.frame(), await host.frame()]).toEqual([ACK, FIRMWARE]);
  });

  it('takes what comes before a start code for preamble, and a frame in any pieces', async () => {
    const { host } = await awake();
    for (const byte of fromHex(`0000000000a5${GET_FIRMWARE}`)) await host.send(Uint8Array.of(byte));
    expect([await host.frame(), await host.frame()]).toEqual([ACK, FIRMWARE]);
  });

  it.each([
    ['a wrong LCS', '0000ff02fdd4022a00'],
    ['a wrong DCS', '0000ff02fed4022b00'],
    ['LEN 266 in an extended frame', '0000ffffff010af5d4'],
  ])('does not acknowledge %s, and takes the next frame', async (_, damaged) => {
    const { pair, host } = await awake();
    await host.send(damaged);
    await pass(pair, 100);
    expect(host.pending).toBe('');
    await host.send(GET_FIRMWARE);
    expect([await host.frame(), await host.frame()]).toEqual([ACK, FIRMWARE]);
  });

  it.each([
    ['an unknown command', 'ee'],
    ['InJumpForDEP without Next', '560000'],
    ['InJumpForDEP with half an NFCID3i', '56000002aabbccddee'],
    ['InJumpForPSL at 848 kbit/s', '46000300'],
    ['InATR without Next', '5001'],
    ['InATR with general bytes that are not announced', '500100aa'],
    ['RFRegulationTest without its mode', '58'],
    ['GetFirmwareVersion with a parameter', '0201'],
    ['Diagnose of an unknown test', '0003'],
    ['SetSerialBaudRate 9', '1009'],
    ['SAMConfiguration 5', '1405'],
    ['InListPassiveTarget of three cards', '4a0300'],
    ['RFConfiguration 05 with two bytes', '320501ff'],
    ['ReadRegister of half an address', '0663'],
    ['TgInitAsTarget of 36 bytes', `8c${'00'.repeat(36)}`],
    ['TgInitAsTarget with 49 historical bytes', `8c${'00'.repeat(36)}31${'aa'.repeat(49)}`],
  ])('acknowledges %s and answers with the error frame', async (_, payload) => {
    const { host } = await awake();
    await host.send(commandFrame(payload));
    expect(await host.frame()).toBe(ACK);
    expect(await host.take(8)).toBe(ERROR);
  });

  it.each([
    // RF timeout 01, and 0A where the target was to switch its field on: what nfcpy takes for "nobody there".
    ['InJumpForDEP, active', '56010000', '570a'],
    ['InJumpForDEP, passive at 106 kbit/s', '56000000', '5701'],
    ['InJumpForDEP, passive at 212 kbit/s, with everything', `56000107${'00ffff0000'}${'01'.repeat(10)}46666d`, '5701'],
    ['InJumpForPSL, active at 424 kbit/s', '46010200', '470a'],
    ['InATR for a target that is not there', '500100', '5127'],
    ['InATR for a number that no target has', '500300', '5110'],
  ])('finds no NFC-DEP target: %s', async (_, command, answer) => {
    const { host } = await awake();
    // As nfcpy sets the retries: ATR 1, PSL 0, activation 1.
    expect(await host.command('3205010001')).toBe('33');
    expect(await host.command(command)).toBe(answer);
  });

  it.each([
    ['RFRegulationTest', '5800'],
    ['InJumpForDEP with endless retries, as after power on', '56000000'],
  ])('goes on with %s until the host sends something', async (_, endless) => {
    const { pair, host } = await awake();
    await host.send(commandFrame(endless));
    expect(await host.frame()).toBe(ACK);
    await pass(pair, 2000);
    expect(host.pending).toBe('');
    expect(await host.command('02')).toBe('0332010607');
  });

  it('refuses a frame of another direction likewise', async () => {
    const { host } = await awake();
    await host.send('0000ff02fed5022900');
    expect(await host.frame()).toBe(ACK);
    expect(await host.take(8)).toBe(ERROR);
  });

  it('sends the last response again after NACK, as often as asked', async () => {
    const { host } = await awake();
    await host.send(GET_FIRMWARE);
    await host.frame();
    await host.frame();
    for (let i = 0; i < 2; i++) {
      await host.send('0000ffff0000');
      expect(await host.frame()).toBe(FIRMWARE);
    }
  });

  it('speaks extended frames where LEN is over 255: line echo of 262 bytes', async () => {
    const { host } = await awake();
    const echo = 'a5'.repeat(262);
    // LEN 265: TFI, code, NumTst and the bytes.
    await host.send(commandFrame(`0000${echo}`));
    expect(await host.frame()).toBe(ACK);
    expect((await host.frame()).slice(0, 20)).toBe('0000ffffff0109f6d501');
  });

  it('aborts a command that waits, at the ACK of the host, without a word', async () => {
    const { pair, host } = await awake();
    const listen = `8c05040011223320${'00'.repeat(30)}`;
    await host.send(commandFrame(listen));
    expect(await host.frame()).toBe(ACK);
    await host.send(ACK);
    await pass(pair, 100);
    expect(host.pending).toBe('');
    expect(await host.command('02')).toBe('0332010607');
  });

  it('drops a command that waits for the next one', async () => {
    const { host } = await awake();
    await host.send(commandFrame('4a0100'));
    expect(await host.frame()).toBe(ACK);
    expect(await host.command('02')).toBe('0332010607');
  });

  it('forgets the beginning of a frame after 89 ms at 115200 baud, and not before', async () => {
    const { pair, host } = await awake();
    await host.send('0000ff02fed4');
    await pass(pair, 80);
    await host.send('022a00');
    expect([await host.frame(), await host.frame()]).toEqual([ACK, FIRMWARE]);
    await host.send('0000ff02fed4');
    await pass(pair, 95);
    await host.send('022a00');
    await pass(pair, 100);
    expect(host.pending).toBe('');
  });

  it('changes its speed when the host has acknowledged, the answer still at the old one', async () => {
    const { pair, host } = await awake();
    expect(await host.command('1007')).toBe('11');
    await host.send(ACK);
    await pass(pair, 1);
    await host.line.setBaudRate(921_600);
    expect(await host.command('02')).toBe('0332010607');
    const beforeNs = pair.clock.nowNs();
    await host.command(`0000${'00'.repeat(100)}`);
    // 112 bytes there, 6 and 111 back, 10.9 µs each: far less than the 20 ms of 115200.
    expect(pair.clock.nowNs() - beforeNs).toBeLessThan(4e6);
  });

  it('keeps its speed without the ACK', async () => {
    const { pair, host } = await awake();
    expect(await host.command('1007')).toBe('11');
    await pass(pair, 5);
    expect(await host.command('02')).toBe('0332010607');
  });

  it('understands nothing at another speed, and is not harmed', async () => {
    const { pair, host } = await awake();
    await host.line.setBaudRate(9600);
    await host.send(GET_FIRMWARE);
    await pass(pair, 200);
    await host.line.setBaudRate(115_200);
    await host.line.flush();
    expect(await host.command('02')).toBe('0332010607');
  });

  it('sleeps after PowerDown until it is woken, and needs no SAMConfiguration then', async () => {
    const { pair, host } = await awake();
    expect(await host.command('16f0')).toBe('1700');
    await pass(pair, 2);
    await host.send(GET_FIRMWARE);
    await pass(pair, 100);
    expect(host.pending).toBe('');
    await host.send(WAKE + GET_FIRMWARE);
    expect([await host.frame(), await host.frame()]).toEqual([ACK, FIRMWARE]);
  });

  it('cannot be woken by its line when PowerDown did not allow it', async () => {
    const { pair, host } = await awake();
    expect(await host.command('1620')).toBe('1700');
    await pass(pair, 2);
    await host.send(WAKE + GET_FIRMWARE);
    await pass(pair, 100);
    expect(host.pending).toBe('');
    pair.a.unplug();
    pair.a.plug();
    const again = await Host.open(pair, 'a');
    await again.wake();
    expect(await again.command('02')).toBe('0332010607');
  });

  it('leaves out preamble and postamble when SetParameters says so', async () => {
    const { host } = await awake();
    await host.command('1274');
    await host.send(GET_FIRMWARE);
    expect(await host.take(4 + 11)).toBe('00ff00ff00ff06fad50332010607e8');
  });

  it.each([
    ['GetFirmwareVersion', '02', '0332010607'],
    ['GetGeneralStatus of a chip without cards', '04', '0500000000'],
    ['line echo', '000055aa', '010055aa'],
    ['ROM', '0001', '0100'],
    ['RAM', '0002', '0100'],
    ['FeliCa poll: none of 128 is answered', '000401', '0180'],
    ['antenna, thresholds 25 and 90 mA', '000727', '0100'],
    ['antenna, low threshold above what it draws is too low', '00073f', '0100'],
    ['attention request without a card', '0006', '0127'],
    ['ReadGPIO', '0c', '0d3f0700'],
    ['SetParameters', '1214', '13'],
    ['RFConfiguration 02', '3202000b0a', '33'],
    ['InRelease of all of no cards', '5200', '5300'],
    ['InRelease of a card that is not there', '5201', '5327'],
    ['InDataExchange without a card', '400100b0000000', '4127'],
    ['InDataExchange with a card that cannot be', '4003', '4110'],
    ['TgGetData of a chip that is no card', '86', '8727'],
    ['TgGetTargetStatus of a chip that is no card', '8a', '8b0000'],
  ])('%s', async (_, command, answer) => {
    const { host } = await awake();
    expect(await host.command(command)).toBe(answer);
  });

  it('keeps what WriteRegister and WriteGPIO write', async () => {
    const { host } = await awake();
    expect(await host.command('08630504633d07')).toBe('09');
    expect(await host.command('066305633d')).toBe('070407');
    expect(await host.command('0e8a00')).toBe('0f');
    expect(await host.command('0c')).toBe('0d0a0700');
  });

  it('is powered by its cable: unplugged, it forgets all', async () => {
    const { pair, host } = await awake();
    await host.command('08630504');
    pair.a.unplug();
    await expect(host.line.write(Uint8Array.of(0))).rejects.toMatchObject({ kind: 'reader-lost' });
    await expect(pair.opener.open('sim-a', 115_200)).rejects.toMatchObject({ kind: 'no-port' });
    pair.a.plug();
    const again = await Host.open(pair, 'a');
    await again.send(GET_FIRMWARE);
    await pass(pair, 50);
    expect(again.pending).toBe('');
    await again.wake();
    expect(await again.command('066305')).toBe('0700');
  });
});
