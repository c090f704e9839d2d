/** What a build of an image gave. Digests are `sha256:` and 64 hex digits. */
export interface BuiltImage {
  /** Engine's image Id of what ships (the config digest on the classic image store). */
  readonly imageId: string;
  /** Image Id the steps run in: the test target's, else `imageId`. */
  readonly testImageId: string;
  readonly sizeBytes: number;
  readonly layers: number;
  /** BuildKit steps taken from its cache. */
  readonly cachedSteps: number;
  readonly totalSteps: number;
}

/** What a push to the registry gave, proven by reading the manifest back. */
export interface PushedImage {
  /** `host/repository`, without tag or digest. */
  readonly repository: string;
  readonly digest: string;
  /** Bytes of the blobs that travelled, compressed. */
  readonly bytesPushed: number;
  /** Bytes of blobs that the registry had already. */
  readonly bytesReused: number;
}
