import type { CardInterface } from '../../hal/card-link.ts';
import type { CurveName } from '../../hal/crypto.ts';
import type { CipherName, PasswordName, TerminalType, TrustState } from '../../secure-channel/index.ts';

/**
 * What a card is to hold, before it is written into an image: the input of personalisation.
 *
 * Built from a profile by the bench, or by hand in a test. All sizes are in bytes.
 */
export interface CardSpecification {
  /** Name of the profile, 1 to 16 ASCII characters. */
  readonly profile: string;
  /** Card serial number, 1 to 16 bytes. */
  readonly serial: Uint8Array;
  /** The card's own secret, 32 bytes: keys the hashes of its codes. */
  readonly secret: Uint8Array;
  /** The interface that a link takes unless told otherwise. */
  readonly interface: CardInterface;
  readonly link: LinkPersonality;
  /** The phone's presentation window, or null for a card without a screen of its own. */
  readonly holder: HolderSpecification | null;
  /** Files that can be created besides those below; 0 when left out. */
  readonly freeEntries?: number;
  /** Bytes for what those hold, their state and rules included; 0 when left out. */
  readonly freeBytes?: number;
  /** Whose certificates the card believes, and its own date; null or left out: nobody's. */
  readonly trust?: TrustState | null;
  readonly masterFile: DirectorySpecification;
}

export interface LinkPersonality {
  /** `T=1`: the whole APDU arrives, as over ISO/IEC 14443-4. `T=0`: case 4 answers 61xx and a wrong Le 6Cxx. */
  readonly protocol: 'T=0' | 'T=1';
  /** Historical bytes of ATR and ATS, at most 15. */
  readonly historicalBytes: Uint8Array;
  /** A whole ATR to show on contact instead of the PC/SC one of a contactless card, or null. */
  readonly atr: Uint8Array | null;
  /** Fixed UID of 4, 7 or 10 bytes, or null for a new random one (08 and three bytes) at each activation. */
  readonly uid: Uint8Array | null;
}

export interface HolderSpecification {
  /** How long an unlock opens the presentation window, 1 to 3600. */
  readonly windowSeconds: number;
  /** How many presentations it is good for, 1 to 255. */
  readonly uses: number;
}

/**
 * The security condition byte for each access mode bit b1 to b7 (ISO/IEC 7816-4, compact format):
 * index 0 is b1 (read or search; for a DF: delete child), 6 is b7 (delete). `0x00` always, `0xFF` never.
 */
export type AccessVector = readonly [number, number, number, number, number, number, number];

/** Rules for each interface. */
export type AccessRules = Readonly<Record<CardInterface, AccessVector>>;

/** A rule that is not compact: the value of tag AB (`expanded`) or of tag 8B (`referenced`), ISO/IEC 7816-4. */
export interface SecurityAttributeSpecification {
  readonly form: 'expanded' | 'referenced';
  readonly value: Uint8Array;
}

/** Takes the place of the compact rule on the interfaces that it names. */
export type SecurityAttributesSpecification = Readonly<Partial<Record<CardInterface, SecurityAttributeSpecification>>>;

/** State that a file is in when the card is new; `activated` when left out. */
export type LifeCycleState = 'creation' | 'initialisation' | 'activated' | 'deactivated' | 'terminated';

export interface DirectorySpecification {
  readonly kind: 'directory';
  /** 3F00 for the MF and for it alone. */
  readonly fid: number;
  /** DF name (AID), 1 to 16 bytes; null for a DF without a name. */
  readonly name: Uint8Array | null;
  /** Application label, at most 16 bytes; null for none. */
  readonly label: Uint8Array | null;
  /** What SELECT answers when it asks for the FCI: all that is known (the default), or the DF name alone. */
  readonly fci?: 'full' | 'name';
  readonly lifeCycle?: LifeCycleState;
  readonly access: AccessRules;
  readonly attributes?: SecurityAttributesSpecification;
  readonly pins: readonly PinSpecification[];
  readonly environments: readonly SecurityEnvironmentSpecification[];
  readonly keys?: readonly KeySpecification[];
  readonly children: readonly FileSpecification[];
}

export interface TransparentSpecification {
  readonly kind: 'transparent';
  readonly fid: number;
  /** Short EF identifier 1 to 30, or null for none. */
  readonly sfi: number | null;
  readonly lifeCycle?: LifeCycleState;
  readonly access: AccessRules;
  readonly attributes?: SecurityAttributesSpecification;
  /** 1 to 65,535 bytes; the file is exactly as long. */
  readonly content: Uint8Array;
}

export interface RecordFileSpecification {
  readonly kind: 'linear-fixed' | 'linear-variable' | 'cyclic';
  readonly fid: number;
  readonly sfi: number | null;
  readonly lifeCycle?: LifeCycleState;
  readonly access: AccessRules;
  readonly attributes?: SecurityAttributesSpecification;
  /** Length of every record, or the longest one of a linear variable file; 1 to 65,535. */
  readonly recordSize: number;
  /** How many records the file can hold, 1 to 254. */
  readonly capacity: number;
  /** Record 1 first; in a cyclic file record 1 is the newest. */
  readonly records: readonly Uint8Array[];
}

export interface TlvFileSpecification {
  readonly kind: 'ber-tlv';
  readonly fid: number;
  readonly sfi: number | null;
  readonly lifeCycle?: LifeCycleState;
  readonly access: AccessRules;
  readonly attributes?: SecurityAttributesSpecification;
  /** Bytes that there is room for, 1 to 65,535. */
  readonly capacity: number;
  /** Concatenated BER-TLV data objects, at most `capacity` bytes; may be empty. */
  readonly content: Uint8Array;
}

export type FileSpecification =
  | DirectorySpecification
  | TransparentSpecification
  | RecordFileSpecification
  | TlvFileSpecification;

/** A code: reference data compared by VERIFY. */
export interface PinSpecification {
  /** P2 of VERIFY: 01 to 1F for the whole card (in the MF only), 81 to 9F for the DF it stands in. */
  readonly reference: number;
  /** The code as a person types it, in ASCII digits, without padding. */
  readonly code: Uint8Array;
  readonly minLength: number;
  readonly maxLength: number;
  /** Length of the padded block that VERIFY carries, or 0 for the code alone. */
  readonly paddedLength: number;
  readonly paddingByte: number;
  /** Tries before it is blocked, 1 to 15. */
  readonly tries: number;
  /** Security condition byte for presenting it on each interface. */
  readonly access: Readonly<Record<CardInterface, number>>;
  /** Whether presenting it on the wired interface opens the presentation window. */
  readonly unlocksHolder: boolean;
  /** Whether DISABLE VERIFICATION REQUIREMENT may be used on it; false when absent. */
  readonly canBeDisabled?: boolean;
  /** Reference of the code that resets its retry counter, or null. */
  readonly unblockedBy: number | null;
  /** Which password of PACE it is; absent: none. One code of the card at most is each of them. */
  readonly password?: PasswordName;
}

/** What a security condition byte means that names this environment. */
export type SecurityEnvironmentSpecification = {
  /** 1 to 14, the low half of a security condition byte. */
  readonly id: number;
} & (
  | {
      /** Reference of the code meant. */
      readonly pin: number;
      /** `verify`: presented through the reader in this session. `holder`: typed on the phone, while its window is open. */
      readonly by: 'verify' | 'holder';
    }
  | { readonly by: 'terminal'; readonly right: TerminalRight }
  /** Reference of an AES key that the other side has proven to know. */
  | { readonly by: 'key'; readonly key: number }
);

/** Which terminals a rule admits, after terminal and chip authentication. */
export interface TerminalRight {
  readonly type: TerminalType;
  /** A right of that type by its name (src/secure-channel/authorization.ts), or null for any terminal of the type. */
  readonly right: string | null;
  /** PACE was done with the CAN, not with a code of the holder. */
  readonly byCan: boolean;
  /** Terminal authentication is enough: the card has no key of its own to prove yet. False when absent. */
  readonly beforeChip?: boolean;
}

export type KeyUse =
  | 'chip-authentication'
  | 'internal-authentication'
  | 'external-authentication'
  | 'mutual-authentication'
  | 'signature';

/** A key of the card. */
export interface KeySpecification {
  /**
   * 01 to 1F for the whole card (in the MF only), 81 to 9F for the DF it stands in. A key for chip authentication stands
   * in the MF, and has any number.
   */
  readonly reference: number;
  /** A key for chip authentication has no other use. */
  readonly uses: readonly KeyUse[];
  readonly algorithm:
    | { readonly kind: 'aes'; readonly bytes: 16 | 24 | 32 }
    | { readonly kind: 'ec'; readonly curve: CurveName };
  /** AES key; private key at the length of the curve's order; null: to be generated by the card. */
  readonly value: Uint8Array | null;
  /** Ciphers of the channel that chip authentication makes; of such a key only. */
  readonly ciphers: readonly CipherName[];
  /** Failed authentications before the key is blocked, 1 to 15; 0 for no counter. */
  readonly tries: number;
  /** Security condition byte for using it, on each interface. */
  readonly access: Readonly<Record<CardInterface, number>>;
  /** The same for generating it anew. */
  readonly generate: Readonly<Record<CardInterface, number>>;
}
