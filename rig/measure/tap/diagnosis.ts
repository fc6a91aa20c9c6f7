import { basename, join } from 'node:path';
import type { Machine } from '../../doctor/machine.ts';
import type { Polling } from '../../endpoint/driver.ts';
import { median } from '../../figures/quantile.ts';
import { counted } from '../../report/words.ts';
import { inWords } from './answer.ts';
import type { Calibration } from './calibration.ts';
import type { Echo } from './echo.ts';
import { serialNs } from './meter.ts';
import {
  type Diagnosis,
  type DiagnosisFinding,
  type Figures,
  LAYERS,
  type LinkParameters,
  type Schedule,
} from './result.ts';

/** What can spoil a measurement, judged from what was seen. Everything here says one thing in one sentence. */

/** A delayed acknowledgement on Linux is 40 ms; a healthy exchange takes well under one. */
const DELAYED_NS = 20e6;

/** The virtual reader's defect, from an echo card in it. */
export function vpcdDelay(echo: Echo, pingpongThreshold: string | null): DiagnosisFinding {
  const figure = `an echo card through vpcd answers in ${inWords(echo.medianNs)}`;
  const data = { medianNs: echo.medianNs, count: echo.count, tcpPingpongThresh: pingpongThreshold };
  if (echo.medianNs < DELAYED_NS) return { id: 'vpcd-delay', verdict: 'fine', detail: figure, data };
  const sysctl =
    pingpongThreshold === null
      ? ''
      : `as root: sysctl net.ipv4.tcp_pingpong_thresh=255 (it is ${pingpongThreshold}); or `;
  return {
    id: 'vpcd-delay',
    verdict: 'distrust',
    detail: `${figure}: the 44 ms defect of vpcd 3.3, which waits for a delayed acknowledgement, is in every exchange`,
    cure: `${sysctl}measure in a private pcscd, which scripts/private-pcscd.sh makes without the defect`,
    data,
  };
}

/** The same, seen in the taps themselves: where no slot was free for an echo card. */
export function vpcdDelayInTaps(figures: Figures, pingpongThreshold: string | null): DiagnosisFinding | null {
  const fastest = Math.min(...figures.commands.map(({ p50 }) => p50));
  if (fastest < DELAYED_NS) return null;
  const echo = { what: 'taps', medianNs: fastest, count: figures.total.n, bytes: 0 };
  const { cure, data } = vpcdDelay(echo, pingpongThreshold);
  const detail = `no exchange through vpcd takes less than ${inWords(fastest)}: its 44 ms defect is in every one`;
  return {
    id: 'vpcd-delay',
    verdict: 'distrust',
    detail,
    ...(cure === undefined ? {} : { cure }),
    ...(data === undefined ? {} : { data }),
  };
}

/** A delayed acknowledgement of Linux takes this long at least, and not much longer. */
const STALL_NS = { from: 38e6, to: 60e6 } as const;

/**
 * The same delay, now and then: also with the cure a socket leaves quick acknowledgements after some 250 exchanges, for
 * one. Null where there is none, or where the delay is in most exchanges and known by {@link vpcdDelay}.
 * @param taps exchanges of each good tap
 */
export function vpcdStalls(
  taps: readonly (readonly { readonly startNs: number; readonly endNs: number }[])[],
): DiagnosisFinding | null {
  const times = taps.map((exchanges) => exchanges.map(({ startNs, endNs }) => endNs - startNs));
  const all = times.flat();
  if (all.length === 0 || median(all) >= DELAYED_NS) return null;
  const stalled = times.filter((tap) => tap.some((ns) => ns >= STALL_NS.from && ns <= STALL_NS.to)).length;
  if (stalled === 0) return null;
  const which = stalled * 2 >= taps.length ? 'the median too' : 'the slowest quantiles';
  return {
    id: 'vpcd-stalls',
    verdict: stalled * 2 >= taps.length ? 'distrust' : 'note',
    detail: `${stalled} of ${counted(taps.length, 'tap')} ${stalled === 1 ? 'holds' : 'hold'} an exchange of some 44 ms: vpcd's delayed acknowledgement, which comes now and then with the cure too, is in ${which}`,
    data: { stalled, taps: taps.length },
  };
}

/** The hold of an FTDI adapter on short answers. @param path as typed; a link is not followed by sysfs */
export function ftdiLatency(machine: Machine, devicePath: string): DiagnosisFinding {
  const file = join('/sys/bus/usb-serial/devices', basename(devicePath), 'latency_timer');
  const text = machine.readText(file)?.trim() ?? null;
  const id = 'ftdi-latency';
  if (text === null) return { id, verdict: 'fine', detail: `${devicePath} has no latency timer` };
  const ms = Number(text);
  if (ms <= 1) return { id, verdict: 'fine', detail: `the latency timer of ${devicePath} is ${ms} ms`, data: { ms } };
  return {
    id,
    verdict: 'distrust',
    detail: `the adapter of ${devicePath} holds short answers back for up to ${ms} ms, in every exchange`,
    cure: `as root: echo 1 > ${file}`,
    data: { ms },
  };
}

/** How the processor's speed is chosen. */
export function governor(machine: Machine): DiagnosisFinding {
  const folder = '/sys/devices/system/cpu';
  const names = machine.list(folder).filter((name) => /^cpu\d+$/.test(name));
  const found = names.flatMap((name) => machine.readText(join(folder, name, 'cpufreq/scaling_governor'))?.trim() ?? []);
  const kinds = [...new Set(found)];
  const id = 'governor';
  if (kinds.length === 0) {
    return { id, verdict: 'note', detail: 'the system does not say how it chooses the processor’s frequency' };
  }
  const detail = `CPU frequency governor ${kinds.join(' and ')}`;
  if (kinds.every((kind) => kind === 'performance')) return { id, verdict: 'fine', detail, data: { kinds } };
  return {
    id,
    verdict: 'note',
    detail: `${detail}: the processor may be slow at first`,
    cure: 'as root: cpupower frequency-set -g performance',
    data: { kinds },
  };
}

/** One in ten of equal pieces of work takes that much longer: then a median is in doubt. */
const UNSTEADY = 1.5;
/** Over this share, taken by others, tails are the machine's. */
const STOLEN_MUCH = 0.1;
/** Over this, medians are too. */
const STOLEN_MOST = 0.5;

export function noise(calibration: Calibration): DiagnosisFinding {
  const { stolen, p50ns, p90ns, p99ns, maxNs } = calibration;
  const figures = `the same work takes ${inWords(p50ns)}, at p90 ${inWords(p90ns)}, at p99 ${inWords(p99ns)}, at worst ${inWords(maxNs)}`;
  const data = { ...calibration };
  const id = 'noise';
  const share = `${(stolen * 100).toFixed(0)} % of the time went elsewhere`;
  if (p90ns >= UNSTEADY * p50ns || stolen >= STOLEN_MOST) {
    const detail = `the machine is busy: ${figures}; ${share}`;
    return { id, verdict: 'distrust', detail, cure: 'end what else runs', data };
  }
  if (stolen < STOLEN_MUCH) return { id, verdict: 'fine', detail: figures, data };
  return { id, verdict: 'note', detail: `${figures}; ${share}, so p99 and above may be the machine's`, data };
}

export function clockCost({ clockNs, clockStepNs }: Calibration): DiagnosisFinding {
  const detail = `the clock is read in ${clockNs} ns and steps by ${clockStepNs} ns`;
  return { id: 'clock', verdict: clockStepNs > 10_000 ? 'note' : 'fine', detail, data: { clockNs, clockStepNs } };
}

/** Time that the link takes, without the card. */
export function echoFinding(echo: Echo, link: LinkParameters): DiagnosisFinding {
  const wire =
    link.baudRate === null ? '' : `, of which the bytes take ${inWords(serialNs(echo.bytes, link.baudRate))}`;
  return {
    id: 'echo',
    verdict: 'fine',
    detail: `${echo.what} over the same link: ${inWords(echo.medianNs)} (median of ${echo.count})${wire}`,
    data: { ...echo },
  };
}

export function noEcho(reason: string): DiagnosisFinding {
  return { id: 'echo', verdict: 'note', detail: `no echo over the same link: ${reason}` };
}

/** How the reader looks for cards, which is in `detect` or hidden before it. */
export function polling({ detail, hidden }: Polling): DiagnosisFinding {
  return { id: 'reader-polling', verdict: hidden ? 'note' : 'fine', detail };
}

export function versions(node: string, pcscd: string | null): DiagnosisFinding {
  const detail = pcscd === null ? `Node ${node}` : `Node ${node}, pcscd ${pcscd}`;
  return { id: 'versions', verdict: 'fine', detail, data: { node, pcscd } };
}

export function simulated(): DiagnosisFinding {
  return {
    id: 'backend',
    verdict: 'note',
    detail: 'simulated: a card or a board of software, whatever it was read through',
  };
}

/** Whether stalls can hide, and whether the schedule was kept. */
export function scheduleFinding(
  { arrivals, late, worstLateNs, load, overloaded }: Schedule,
  taps: number,
): DiagnosisFinding {
  const id = 'schedule';
  if (arrivals.kind === 'closed') {
    return {
      id,
      verdict: 'note',
      detail:
        'each tap waits for the one before: a stall costs one sample (coordinated omission); --rate shows who waits',
    };
  }
  const data = { late, worstLateNs, load, overloaded };
  if (overloaded) {
    const served = load === null ? null : arrivals.ratePerSecond / load;
    const most = served === null ? '' : `; ${rate(served)} a second are served`;
    return {
      id,
      verdict: 'distrust',
      detail: `${counted(arrivals.ratePerSecond, 'tap')} a second cannot be kept up${most}: the queue grows, by the end to ${inWords(worstLateNs)}, and with it every response time`,
      cure: `--rate under ${rate(Math.min(served ?? arrivals.ratePerSecond, arrivals.ratePerSecond))}`,
      data,
    };
  }
  const detail =
    late === 0
      ? 'every tap began on time'
      : `${late} of ${counted(taps, 'tap')} began late, at worst by ${inWords(worstLateNs)}; \`response\` counts it, \`total\` does not`;
  return { id, verdict: late === 0 ? 'fine' : 'note', detail, data };
}

/** Taps a second, to three digits. */
function rate(perSecond: number): string {
  return `${Number(perSecond.toPrecision(3))}`;
}

const MOST_BELOW_ZERO = 0.01;

/** A residual below nothing: the model says more than was measured. */
export function modelFinding(figures: Figures): DiagnosisFinding {
  const total = figures.total.p50.value;
  const below = LAYERS.filter((layer) => figures.layers[layer].p50.value < -MOST_BELOW_ZERO * total);
  if (below.length === 0)
    return { id: 'model', verdict: 'fine', detail: 'the parts are each above nothing and sum to the total' };
  const worst = below.map((layer) => `${layer} ${inWords(figures.layers[layer].p50.value)}`).join(', ');
  return {
    id: 'model',
    verdict: 'distrust',
    detail: `the model of air or line takes more than was measured (${worst}): the bit rate, the frame size or the baud rate is another`,
  };
}

/** Taps that a quantile needs before it is more than the slowest tap. */
export function sampleSize(taps: number): DiagnosisFinding {
  const id = 'sample-size';
  if (taps >= 1000) return { id, verdict: 'fine', detail: `${taps} taps` };
  const unseen = taps >= 100 ? 'p99.9' : 'p99 and p99.9';
  const detail = `${counted(taps, 'tap')}: ${unseen} cannot be told from the slowest tap`;
  return { id, verdict: 'note', detail };
}

export function diagnosisOf(findings: readonly DiagnosisFinding[]): Diagnosis {
  return { trusted: findings.every(({ verdict }) => verdict !== 'distrust'), findings };
}
