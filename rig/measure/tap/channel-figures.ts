import { quantileOf } from '../../figures/quantile.ts';
import type { ChannelFigures, ChannelStage } from './result.ts';
import type { RecordedTap, TapChannel } from './run.ts';

/** What the secure channel took of the taps that did not fail; null: they were sent in clear. */
export function channelFigures(taps: readonly Pick<RecordedTap, 'channel' | 'failure'>[]): ChannelFigures | null {
  const channels = taps.flatMap(({ channel, failure }) => (channel === null || failure !== null ? [] : [channel]));
  const [first] = channels;
  if (first === undefined) return null;
  const stages = first.steps.map(({ step }, place) =>
    stageOf(
      step,
      channels.map(({ steps }) => {
        const { exchanges = 0, sentBytes = 0, receivedBytes = 0, cardNs = 0, tookNs = 0 } = steps[place] ?? {};
        return { exchanges, sentBytes, receivedBytes, cardNs, tookNs };
      }),
    ),
  );
  const messaging = stageOf('secure messaging', channels.map(messagingOf));
  return { account: first.account, stages: [...stages, messaging] };
}

interface Part {
  readonly exchanges: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly cardNs: number;
  readonly tookNs: number;
}

/** Bytes and exchanges are those of the commands themselves, which would be there without it too. */
function messagingOf({ commands, protectionNs }: TapChannel): Part {
  return { exchanges: commands, sentBytes: 0, receivedBytes: 0, cardNs: 0, tookNs: protectionNs };
}

function stageOf(name: string, parts: readonly Part[]): ChannelStage {
  const at = (value: (part: Part) => number, share: number): number => quantileOf(parts.map(value), share);
  return {
    name,
    exchanges: at(({ exchanges }) => exchanges, 0.5),
    sentBytes: at(({ sentBytes }) => sentBytes, 0.5),
    receivedBytes: at(({ receivedBytes }) => receivedBytes, 0.5),
    p50: at(({ tookNs }) => tookNs, 0.5),
    p99: at(({ tookNs }) => tookNs, 0.99),
    max: at(({ tookNs }) => tookNs, 1),
    cardP50: at(({ cardNs }) => cardNs, 0.5),
  };
}
