import { type CommandIo, EXIT, type ExitCode, writeJson } from '../../console/io.ts';
import { shown } from '../../console/shown.ts';
import type { BenchSummary } from '../api/bench.ts';
import type { LabAddress } from '../bench/verb.ts';
import { asking } from './ask.ts';

/** `vitap lab benches`: what each bench has and does. */
export async function listLabBenches(lab: LabAddress, io: CommandIo): Promise<ExitCode> {
  const benches = await asking(lab, io, (link) => link.benches());
  if (io.json) {
    writeJson(io, { id: 'lab-benches', benches });
    return EXIT.pass;
  }
  if (benches.length === 0) io.stderr('no bench has enrolled yet\n');
  for (const bench of benches) {
    io.stdout(`${bench.name}  vitap ${shown(bench.version)}, ${standing(bench)}\n`);
    for (const { device, backend, card } of bench.devices) {
      const runs = bench.running.some((each) => each.device === device);
      const busy = runs ? 'running' : bench.alive ? 'free' : 'away';
      const lies = card === null ? '' : `, card ${shown(card.label ?? card.atr)}`;
      io.stdout(`  ${shown(device)}  ${backend}, ${busy}${lies}\n`);
    }
  }
  return EXIT.pass;
}

/** The clocks of two machines differ by so much without harm; nothing is decided by a bench's clock. */
const SKEW_MS = 2000;

function standing({ alive, seenAt, leftAt, quarantined, skewMs, spooled }: BenchSummary): string {
  return [
    alive ? 'alive' : goneInWords(seenAt, leftAt),
    ...(Math.abs(skewMs) > SKEW_MS ? [`its clock is ${Math.round(skewMs / 1000)} s off`] : []),
    ...(spooled > 0 ? [`${spooled} to upload`] : []),
    ...(quarantined === null ? [] : [`in quarantine: ${shown(quarantined)}`]),
  ].join(', ');
}

/** A bench that was killed, or whose network is away, has said nothing. */
function goneInWords(seenAt: number | null, leftAt: number | null): string {
  if (leftAt !== null) return `ended ${new Date(leftAt).toISOString()}`;
  return seenAt === null ? 'never seen' : `not seen since ${new Date(seenAt).toISOString()}`;
}

/** `vitap lab benches --quarantine NAME --reason TEXT`, `--release NAME` @param reason null: lets it back */
export async function quarantineBench(
  { lab, bench, reason }: { lab: LabAddress; bench: string; reason: string | null },
  io: CommandIo,
): Promise<ExitCode> {
  await asking(lab, io, (link) => link.quarantine(bench, reason));
  if (io.json) writeJson(io, { id: 'lab-quarantine', bench, quarantined: reason });
  else io.stderr(`${shown(bench)} ${reason === null ? 'takes runs again' : 'takes no runs until it is let back'}\n`);
  return EXIT.pass;
}
