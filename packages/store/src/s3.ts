export { type S3Objects, type S3Options, s3Destination, s3Objects } from './s3-bucket.js';
