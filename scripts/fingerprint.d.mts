export declare const BUILD_STAMP: string;
export declare const BUILD_ENTRY: string;
export declare function sourcesFingerprint(root: string): string;
export declare function fileFingerprint(path: string): string | null;
export declare function readJson(path: string): unknown;
