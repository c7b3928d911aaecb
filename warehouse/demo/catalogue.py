"""Who asks for what in the demo: the packages with their versions, the clients, the registry's configs.

A private npm registry of a company: its own scope, and public packages proxied from upstream. All of it
follows from the seed alone, so that logs made later continue the ones made earlier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SCOPE = "@acme"
REGISTRY_URL = "https://npm.acme.example"
UPSTREAM_URL = "https://upstream.example.net"

_OWN = """
    ui icons theme api-client auth config eslint-config tsconfig logger i18n forms charts router testing
    cli utils hooks tokens payments search
""".split()  # noqa: SIM905 - forty names in quotes are hard to read
_PUBLIC = """
    react react-dom typescript lodash @types/node vite esbuild @types/react axios zod eslint rollup semver
    debug chalk commander @babel/core tslib postcss uuid date-fns express next vue jest vitest prettier
    webpack rxjs graphql ws dotenv glob yargs fs-extra nanoid immer redux classnames @types/jest
    tailwindcss autoprefixer sharp pino fastify undici @tanstack/react-query msw playwright storybook
    left-pad
""".split()  # noqa: SIM905


@dataclass(frozen=True)
class Version:
    """One version of a package and the size of its tarball in bytes."""

    number: str
    tarball_bytes: int


@dataclass(frozen=True)
class Package:
    """One package; `versions` from the oldest to the newest."""

    name: str
    own: bool
    versions: tuple[Version, ...]

    @property
    def basename(self) -> str:
        """The name without its scope, as tarballs are called."""
        return self.name.rsplit("/", 1)[-1]

    def tarball_path(self, version: Version) -> str:
        """Path of a version's tarball in the registry."""
        return f"/{self.name}/-/{self.basename}-{version.number}.tgz"


@dataclass(frozen=True)
class Client:
    """One machine that talks to the registry."""

    ip: str
    user_agent: str
    ci: bool


@dataclass(frozen=True)
class Config:
    """One configuration of the registry, known by its hash; `spelled` is the folder in the bucket."""

    hash: str
    version: str
    spelled: str


STABLE = Config("0x7f3a91c2", "1.4.2", "0x7f3a91c2")
ROLLOUT = Config("0x2b8de054", "1.5.0", "0x2b8de054")
CANARY = Config("0xc41f6a0d", "1.6.0-canary.3", "c41f6a0d")
"""The canary's build writes its hash without 0x into the keys, as some builds of the registry do."""
CONFIGS = (STABLE, ROLLOUT, CANARY)


@dataclass(frozen=True)
class Catalogue:
    """Packages and clients with their shares (each share array sums to 1)."""

    packages: tuple[Package, ...]
    package_shares: np.ndarray
    clients: tuple[Client, ...]
    ci_shares: np.ndarray
    developer_shares: np.ndarray


def catalogue(seed: int) -> Catalogue:
    """The catalogue of one seed."""
    rng = np.random.default_rng([seed, 1])
    packages = tuple(
        _package(rng, name, own=own)
        for own, names in ((True, [f"{SCOPE}/{name}" for name in _OWN]), (False, _PUBLIC))
        for name in names
    )
    own_shares, public_shares = _skewed(len(_OWN), 1.0), _skewed(len(_PUBLIC), 0.9)
    clients = tuple([_ci(rng, i) for i in range(24)] + [_developer(rng, i) for i in range(36)])
    is_ci = np.array([client.ci for client in clients])
    return Catalogue(
        packages=packages,
        package_shares=np.concatenate([0.38 * own_shares, 0.62 * public_shares]),
        clients=clients,
        ci_shares=_spread(is_ci, 0.7),
        developer_shares=_spread(~is_ci, 0.5),
    )


def _skewed(count: int, exponent: float) -> np.ndarray:
    """Popularity by rank after Zipf."""
    weights = 1.0 / np.arange(1, count + 1) ** exponent
    return np.asarray(weights / weights.sum())


def _spread(members: np.ndarray, exponent: float) -> np.ndarray:
    shares = np.zeros(len(members))
    shares[members] = _skewed(int(members.sum()), exponent)
    return shares


def _package(rng: np.random.Generator, name: str, *, own: bool) -> Package:
    major, minor, patch = rng.integers([0 if own else 1, 0, 0], [6, 12, 8]).tolist()
    size = float(rng.lognormal(11.2 if own else 11.8, 1.1))
    versions = []
    for _ in range(int(rng.integers(3, 13))):
        versions.append(Version(f"{major}.{minor}.{patch}", max(400, int(size))))
        step = rng.random()
        if step < 0.6:
            patch += 1
        elif step < 0.95:
            minor, patch = minor + 1, 0
        else:
            major, minor, patch = major + 1, 0, 0
        size *= float(rng.normal(1.02, 0.03))
    return Package(name, own, tuple(versions))


_CI_AGENTS = (
    "npm/10.8.2 node/v22.12.0 linux x64 workspaces/false ci/gitlab",
    "pnpm/9.15.0 npm/? node/v22.12.0 linux x64",
    "npm/10.9.0 node/v20.18.1 linux arm64 workspaces/true ci/jenkins",
    "yarn/1.22.22 npm/? node/v20.18.1 linux x64",
)
_DEVELOPER_AGENTS = (
    "npm/10.9.2 node/v22.13.1 darwin arm64 workspaces/false",
    "pnpm/9.15.4 npm/? node/v22.13.1 darwin arm64",
    "yarn/4.6.0 npm/? node/v20.18.1 linux x64",
    "bun/1.1.42 npm/? node/v22.6.0 darwin arm64",
    "npm/10.8.2 node/v20.18.1 win32 x64 workspaces/false",
    "pnpm/8.15.9 npm/? node/v18.20.5 linux x64",
)


def _ci(rng: np.random.Generator, number: int) -> Client:
    ip = f"10.20.{int(rng.integers(0, 4))}.{10 + number}"
    return Client(ip, _CI_AGENTS[int(rng.choice(4, p=[0.4, 0.35, 0.1, 0.15]))], ci=True)


def _developer(rng: np.random.Generator, number: int) -> Client:
    ip = f"10.40.{int(rng.integers(0, 8))}.{20 + number}"
    return Client(ip, _DEVELOPER_AGENTS[int(rng.integers(0, len(_DEVELOPER_AGENTS)))], ci=False)
