import { LARGEST_COMMAND } from '../apdu-size.ts';
import { PARAMETER, TARGET_MODE, TARGET_STATE } from './codes.ts';
import { CHIP_ERROR } from './status.ts';
import { Arming, ISO14443_PICC_ACTIVATED, type TargetScene } from './target-loop.ts';

/** An error on the air that the chip could not mend is asked after so often before it is armed again. */
const RETRIES = 3;
const CIU_TX_AUTO = 0x6305;
/** Become a card in a field that appears, also from a light sleep. */
const INITIAL_RF_ON = 0x04;

/** A card by the chip's own ISO/IEC 14443-4: it sends its fixed ATS, chains, asks for time. Returns when stopped. */
export async function serveAsPicc(scene: TargetScene): Promise<void> {
  const { chip, card, stopped } = scene;
  const arming = new Arming(scene, TARGET_MODE.passiveOnly | TARGET_MODE.piccOnly);
  await chip.setParameters(PARAMETER.autoAtrRes | PARAMETER.autoRats | PARAMETER.iso14443Picc);
  await chip.rfField(false);
  await chip.writeRegister([CIU_TX_AUTO, INITIAL_RF_ON]);
  while (!stopped()) {
    const activation = await arming.activation();
    if (activation === null || (activation.mode & ISO14443_PICC_ACTIVATED) === 0) continue;
    if (stopped()) return;
    card.activated();
    await answerCommands(scene);
    if (stopped()) return;
    const { state } = await chip.tgGetTargetStatus();
    card.released(state === TARGET_STATE.piccDeselected || state === TARGET_STATE.deselected);
  }
}

/** From activation until the reader releases us. */
async function answerCommands({ chip, card, stopped }: TargetScene): Promise<void> {
  let parts: Uint8Array | null = null;
  let length = 0;
  let failures = 0;
  while (!stopped()) {
    const part = await chip.tgGetData();
    if (stopped()) return;
    if (part.status !== CHIP_ERROR.none) {
      if (isRelease(part.status) || ++failures > RETRIES || !(await isStillActive(chip))) return;
      length = 0;
      continue;
    }
    failures = 0;
    let command = part.data;
    if (part.more || length > 0) {
      parts ??= new Uint8Array(LARGEST_COMMAND);
      // Longer than any APDU: the reader speaks nonsense, and is answered as to an unknown command.
      const room = Math.min(part.data.length, LARGEST_COMMAND - length);
      parts.set(part.data.subarray(0, room), length);
      length += room;
      if (part.more) continue;
      command = parts.subarray(0, length);
    }
    const answer = card.process(command, 0, command.length);
    // The chip keeps the reader waiting meanwhile.
    const answered = typeof answer === 'number' ? answer : await answer;
    length = 0;
    if (stopped()) return;
    const status = await chip.tgSetData(card.response.subarray(0, answered));
    if (status !== CHIP_ERROR.none && (isRelease(status) || !(await isStillActive(chip)))) return;
  }
}

function isRelease(status: number): boolean {
  return status === CHIP_ERROR.releasedByInitiator;
}

async function isStillActive(chip: TargetScene['chip']): Promise<boolean> {
  const { state } = await chip.tgGetTargetStatus();
  return state === TARGET_STATE.piccActivated || state === TARGET_STATE.activated;
}
