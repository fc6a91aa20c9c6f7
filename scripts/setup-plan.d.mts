export declare const OLDEST_NODE: number;

export interface DebianPackage {
  readonly name: string;
  readonly purpose: string;
  readonly goals: readonly string[];
  /** Goals that need it only while nfc-pcsc has to be compiled. */
  readonly onlyToCompile: readonly ('demo' | 'test')[];
}
export declare const DEBIAN_PACKAGES: readonly DebianPackage[];
export declare function wantedPackages(goal: 'demo' | 'test', nfcPcscPresent: boolean): DebianPackage[];
export declare function statusQuery(wanted: readonly DebianPackage[]): string[];
export declare function missingPackages(wanted: readonly DebianPackage[], statusText: string): DebianPackage[];

export type PackagePlan =
  | { kind: 'none' }
  | { kind: 'run'; commands: string[][]; command: string }
  | { kind: 'print'; reason: string; command: string };
export declare function planPackages(found: {
  missing: readonly DebianPackage[];
  debian: boolean;
  root: boolean;
  sudo: boolean;
}): PackagePlan;

export interface LockFile {
  packages: Record<string, { version?: string; optional?: boolean; devOptional?: boolean }>;
}
export declare function treeMismatch(lock: LockFile, laid: LockFile | null): string | null;

export interface InstallFacts {
  nodeModules: boolean;
  stamp: { lock: string; abi: string; nativeTried: boolean } | null;
  lockHash: string;
  mismatch: string | null;
  nfcPcsc: boolean;
  canCompile: boolean;
  abi: string;
}
export declare function planInstall(found: InstallFacts): {
  action: 'none' | 'adopt' | 'install' | 'rebuild';
  reason: string;
};
export declare function planBuild(found: { stamp: { sources: string } | null; sources: string; entry: boolean }): {
  action: 'none' | 'build';
  reason: string;
};
export declare function readOptions(args: readonly string[]): { goal: 'demo' | 'test'; check: boolean };
