#!/usr/bin/env node
// Is there before anything is built, so that an installation can link it.
import './dist/main.js';
