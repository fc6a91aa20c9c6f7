import type { CardDeclaration } from '../../declaration.ts';
import { field, given } from '../../define.ts';
import { directoriesOf, type LocatedFile } from '../../located.ts';
import type { CommandStep, Need } from '../../model.ts';
import { trait } from '../../needs.ts';

export const STANDARD = 'NFC Forum Type 4 Tag';
/** Name of the NDEF tag application, mapping version 2.0 and later. */
export const NDEF_APPLICATION = 'D2760000850101';
/** The capability container. */
export const CAPABILITY_CONTAINER = 'E103';

/** The card is a tag, or is not known not to be. */
export const IS_TAG: Need<CardDeclaration> = trait('the NDEF tag application', (card) => {
  const all = directoriesOf(card);
  return all.length === 0 || all.some((each) => each.name === NDEF_APPLICATION);
});

/** As the NDEF detection procedure sends them. */
export const SELECT_APPLICATION: CommandStep = given(
  'SELECT the NDEF tag application',
  `00A40400${field(NDEF_APPLICATION)}00`,
);
export const SELECT_CONTAINER: CommandStep = given(
  'SELECT the capability container',
  `00A4000C02${CAPABILITY_CONTAINER}`,
);
export const READ_CONTAINER: CommandStep = {
  ...given('READ BINARY of 15 bytes', '00B000000F'),
  expect: { status: '9000', length: 15 },
  capture: { fid: { from: 9, length: 2 }, mle: { from: 3, length: 2 } },
};
/** From a reset to the NDEF file, which is `{fid}`. */
export const TO_NDEF_FILE: readonly CommandStep[] = [
  SELECT_APPLICATION,
  SELECT_CONTAINER,
  READ_CONTAINER,
  given('SELECT the NDEF file', '00A4000C02{fid}'),
];

/** A file of the tag whose content is declared. */
export function tagFile(words: string, is: (file: LocatedFile) => boolean): Need<LocatedFile> {
  return {
    words,
    find: (card) =>
      directoriesOf(card)
        .find((each) => each.name === NDEF_APPLICATION)
        ?.files.find((each) => each.length > 0 && is(each)) ?? null,
  };
}

export const CONTAINER: Need<LocatedFile> = tagFile(
  'a capability container with known content',
  (each) => each.fid === CAPABILITY_CONTAINER,
);

/** The NDEF file that the declared capability container names. */
export const NDEF_FILE: Need<LocatedFile> = {
  words: 'an NDEF file with known content',
  find(card) {
    const container = CONTAINER.find(card);
    const fid = container?.part(9, 2);
    return tagFile('', (each) => each.fid === fid).find(card);
  },
};
