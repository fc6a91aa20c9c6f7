import { IsoDepCard } from '../../iso-dep/card.ts';
import type { LinkedCard } from '../card-link.ts';
import { PARAMETER, TARGET_MODE } from './codes.ts';
import { CHIP_ERROR } from './status.ts';
import { Arming, type ServedCard, type TargetScene } from './target-loop.ts';

const CIU_MODE = 0x6301;
/** As it should be, and without the detector of other technologies, which would take frames for theirs. */
const NO_MODE_DETECTOR = 0x3f;

/** Frames of 256 bytes: the chip carries 262. */
const FSCI = 8;
/** 154.7 ms, as the chip's own: the serial line, the machine and its bridge take a part of it. */
const FWI = 9;
/** 2.4 ms after the ATS: until then the chip may not listen again. */
const SFGI = 3;
/** Carrier cycles that the link takes for itself in every waiting time: 20 ms. */
const LINK_CYCLES = 271_200;

/** Errors of a frame on the air, to which a card is mute. */
const DAMAGED: ReadonlySet<number> = new Set([0x02, 0x03, 0x04, 0x05, 0x13]);

/**
 * A card by our own ISO/IEC 14443-4, the chip carrying frames: own ATS, APDUs of any length. The first answer must be
 * back in 4.83 ms, hence the fast line. Rates other than 106 kbit/s are not offered. Returns when stopped.
 */
export async function serveRaw(scene: TargetScene): Promise<void> {
  const { chip } = scene;
  const [mode] = await chip.readRegister(CIU_MODE);
  await chip.setParameters(PARAMETER.autoAtrRes | PARAMETER.autoRats);
  await chip.rfField(false);
  await chip.writeRegister([CIU_MODE, NO_MODE_DETECTOR]);
  try {
    await serve(scene);
  } finally {
    await chip.writeRegister([CIU_MODE, mode as number]).catch(() => {});
  }
}

async function serve(scene: TargetScene): Promise<void> {
  const { chip, card, historicalBytes, stopped } = scene;
  const arming = new Arming(scene, TARGET_MODE.passiveOnly);
  const picc = new IsoDepCard(withoutPower(card), {
    ats: {
      fsci: FSCI,
      toReader: [],
      toCard: [],
      sameRateOnly: false,
      fwi: FWI,
      sfgi: SFGI,
      cidSupported: true,
      nadSupported: false,
      historicalBytes,
    },
    reservedCycles: LINK_CYCLES,
  });
  while (!stopped()) {
    const activation = await arming.activation();
    if (activation === null || stopped()) continue;
    picc.start();
    let frame = activation.command;
    for (;;) {
      const length = picc.receive(frame, 0, frame.length);
      if (stopped()) return;
      // Mute, and no longer listening for blocks: only the chip's anticollision helps.
      if (length === 0 && (picc.state === 'selected' || picc.state === 'halted')) break;
      const before = picc.state;
      if (length > 0) {
        const status = await chip.tgResponseToInitiator(picc.frame.subarray(0, length));
        if (status === CHIP_ERROR.releasedByInitiator) break;
      }
      if (before === 'halted') break;
      // Told after the ATS is on its way, which is in a hurry.
      if (before === 'answered') card.activated();
      const next = await nextFrame(chip, picc);
      if (next === null || stopped()) break;
      frame = next;
    }
    if (stopped()) return;
    const deselected = picc.state === 'halted';
    if (!deselected) picc.fieldOff();
    card.released(deselected);
  }
}

/** @returns null when the reader has released us or its field is gone */
async function nextFrame(chip: TargetScene['chip'], picc: IsoDepCard): Promise<Uint8Array | null> {
  for (;;) {
    const { status, data } = await chip.tgGetInitiatorCommand();
    if (status === CHIP_ERROR.none) return data;
    if (!DAMAGED.has(status)) return null;
    picc.damaged();
  }
}

/** The block machine calls power and resets by its own states; here the chip's activations and releases say them. */
function withoutPower(card: ServedCard): LinkedCard {
  return {
    get response() {
      return card.response;
    },
    atr: () => card.atr(),
    powerOn: () => {},
    reset: () => {},
    fieldOff: () => {},
    deselect: () => {},
    process: (command, offset, length) => {
      const answered = card.process(command, offset, length);
      if (typeof answered !== 'number') throw new TypeError('a raw target has no card in another reader');
      return answered;
    },
    ...(card.expectedMicroseconds === undefined
      ? {}
      : { expectedMicroseconds: (c: Uint8Array, o: number, l: number) => card.expectedMicroseconds!(c, o, l) }),
  };
}
