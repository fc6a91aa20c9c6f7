import { counted } from '../report/words.ts';
import type { ChannelAccount } from './open-channel.ts';

/** `PACE with the CAN (generic mapping, AES-128, brainpoolP256r1)`, and what else was proven; one part a line. */
export function channelInWords({ password, mapping, cipher, curve, terminal, chip }: ChannelAccount): string[] {
  const lines = [
    `PACE with the ${password} (${mapping === 'CAM' ? 'chip authentication' : 'generic'} mapping, ${cipher}, ${curve})`,
  ];
  if (terminal !== null) {
    lines.push(`terminal ${terminal.name}, by ${counted(terminal.chain.length, 'certificate')}`);
  }
  if (chip === null) lines.push('the card did not prove that it is no copy');
  else {
    const signer = chip.signer === null ? 'nobody was named to believe its key' : `its key is signed by ${chip.signer}`;
    lines.push(`the card is genuine by ${chip.by}; ${signer}`);
  }
  return lines;
}
