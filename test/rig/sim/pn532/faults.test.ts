import { describe, expect, it } from 'vitest';
import { parseFault } from '../../../../rig/sim/faults/parse.ts';
import { type SimulatedPair, simulatedPair } from '../../../../rig/sim/pair.ts';
import { commandFrame, Host } from '../host.ts';

const ACK = '0000ff00ff00';
const GET_FIRMWARE = '0000ff02fed4022a00';
const FIRMWARE = '0000ff06fad50332010607e800';
/** ACK frames and responses: the first of each is that of SAMConfiguration. */
const AWAKE_BYTES = { toHost: 6 + 9, toChip: 16 + 10 };

async function board(...faults: string[]): Promise<{ pair: SimulatedPair; host: Host; struck: string[] }> {
  const pair = simulatedPair({ a: { faults: faults.map((text) => parseFault(`a:${text}`).fault) } });
  const struck: string[] = [];
  pair.a.onEvent = (event) => {
    if (event.type === 'fault') struck.push(`${event.fault.name}@${event.occasion}`);
  };
  return { pair, host: await Host.open(pair, 'a'), struck };
}

const pass = ({ clock }: SimulatedPair, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms * 1e6, resolve));

describe('faults of a simulated board', () => {
  it('lose-ack: the response comes all the same', async () => {
    const { host, struck } = await board('lose-ack@2');
    await host.wake();
    await host.send(GET_FIRMWARE);
    expect(await host.frame()).toBe(FIRMWARE);
    expect(struck).toEqual(['lose-ack@2']);
  });

  it('slow-chip: the ACK comes at once, the response late', async () => {
    const { pair, host } = await board('slow-chip=400@2');
    await host.wake();
    await host.send(GET_FIRMWARE);
    expect(await host.frame()).toBe(ACK);
    await pass(pair, 390);
    expect(host.pending).toBe('');
    expect(await host.frame()).toBe(FIRMWARE);
  });

  it('lose-response: NACK fetches it', async () => {
    const { pair, host } = await board('lose-response@2');
    await host.wake();
    await host.send(GET_FIRMWARE);
    expect(await host.frame()).toBe(ACK);
    await pass(pair, 100);
    expect(host.pending).toBe('');
    await host.send('0000ffff0000');
    expect(await host.frame()).toBe(FIRMWARE);
  });

  it('flip-to-host: one bit of one byte, counted from power on', async () => {
    // Byte 6 + 6 of the second response: the IC, 32; bit 4 of it.
    const { host } = await board(`flip-to-host=4@${AWAKE_BYTES.toHost + 6 + 8}`);
    await host.wake();
    await host.send(GET_FIRMWARE);
    expect(await host.frame()).toBe(ACK);
    expect(await host.frame()).toBe('0000ff06fad50322010607e800');
  });

  it('flip-to-chip: the damaged command is not acknowledged', async () => {
    const { pair, host } = await board(`flip-to-chip=0@${AWAKE_BYTES.toChip + 7}`);
    await host.wake();
    await host.send(GET_FIRMWARE);
    await pass(pair, 50);
    expect(host.pending).toBe('');
    expect(await host.command('02')).toBe('0332010607');
  });

  it('stuck: the command is taken, and nothing more until the cable is pulled', async () => {
    const { pair, host } = await board('stuck@2');
    await host.wake();
    await host.send(GET_FIRMWARE);
    expect(await host.frame()).toBe(ACK);
    await host.send(ACK);
    await host.send(GET_FIRMWARE);
    await pass(pair, 500);
    expect(host.pending).toBe('');
    pair.a.unplug();
    pair.a.plug();
    const again = await Host.open(pair, 'a');
    await again.wake();
    expect(await again.command('02')).toBe('0332010607');
  });

  it('mute', async () => {
    const { pair, host } = await board('mute');
    await host.send('5555000000 0000ff03fdd414011700');
    await pass(pair, 100);
    expect(host.pending).toBe('');
  });

  it('garbage: as many bytes, none of them a frame', async () => {
    const { host } = await board('garbage@3-');
    await host.wake();
    await host.send(GET_FIRMWARE);
    const noise = await host.take(6 + 13);
    expect(noise).not.toContain('00ff');
  });

  it('unplug: the line is cut after the byte, and the port comes back when it was to', async () => {
    const { pair, host } = await board(`unplug=1.5@${AWAKE_BYTES.toChip + AWAKE_BYTES.toHost + 9 + 6 + 5}`);
    await host.wake();
    const reasons: (Error | null)[] = [];
    host.line.onClose((reason) => reasons.push(reason));
    await host.send(GET_FIRMWARE);
    expect(await host.frame()).toBe(ACK);
    expect(await host.take(5)).toBe(FIRMWARE.slice(0, 10));
    await pass(pair, 1000);
    expect(reasons).toMatchObject([{ kind: 'reader-lost' }]);
    await expect(pair.opener.open('sim-a', 115_200)).rejects.toMatchObject({ kind: 'no-port' });
    await pass(pair, 600);
    const again = await Host.open(pair, 'a');
    await again.wake();
    expect(await again.command('02')).toBe('0332010607');
  });

  it('latency-timer: what comes waits for the next 16 ms, unless it is 62 bytes', async () => {
    const { pair, host } = await board('latency-timer');
    await host.wake();
    for (let i = 0; i < 3; i++) {
      await host.command('02');
      // Delivered on a tick, never in between.
      expect(pair.clock.nowNs() % 16_000_000).toBe(0);
    }
    await host.send(commandFrame(`0000${'00'.repeat(200)}`));
    await host.take(62);
    expect(pair.clock.nowNs() % 16_000_000).not.toBe(0);
  });

  it('slow-host: the writes come late', async () => {
    const { pair, host } = await board('slow-host=30');
    await host.wake();
    const fromNs = pair.clock.nowNs();
    await host.command('02');
    expect((pair.clock.nowNs() - fromNs) / 1e6).toBeGreaterThan(30);
  });

  it.each([
    ['other-chip', '02', '0333010607'],
    ['other-chip=37', '02', '0325010607'],
    ['old-firmware', '02', '0332010407'],
    ['rom-fail', '0001', '01ff'],
    ['ram-fail', '0002', '01ff'],
    ['rom-fail', '0002', '0100'],
    // 3 mA are under the low threshold of 25: b8 and the thresholds.
    ['weak-antenna', '000727', '01a7'],
  ])('%s: %s is answered with %s', async (fault, command, answer) => {
    const { host } = await board(fault);
    await host.wake();
    expect(await host.command(command)).toBe(answer);
  });

  it('each board has its own', async () => {
    const { pair } = await board('mute');
    const other = await Host.open(pair, 'b');
    await other.wake();
    expect(await other.command('02')).toBe('0332010607');
  });
});
