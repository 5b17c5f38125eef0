//! Signing in: the console's sign-ins and the API's tokens.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use bando_domain::{AccountId, Language, ProviderId, Secret};
use bando_store::{Account, Member, RefreshToken, Role, SystemTx};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::caller::Permission;
use crate::limits::Action;
use crate::{App, Caller, Error, Invalid, Result};

/// How long a console sign-in lasts.
pub const SIGN_IN_LIFETIME: Duration = Duration::from_secs(14 * 86_400);

/// How long a refresh token lasts.
const REFRESH_LIFETIME: Duration = Duration::from_secs(30 * 86_400);

/// Password hashes that are computed at once: each takes 19 MiB and a good part of a core.
static HASHING: Semaphore = Semaphore::const_new(2);

/// A hash that no password has: checked when there is no such user, so that the answer takes as
/// long as for one that exists.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_now(b"nobody", &[7; 16]));

/// Someone who signed in, and where they may work.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub account: Account,
    /// Their places, in the order they were made.
    pub members: Vec<Member>,
}

impl SignedIn {
    /// The caller they are in `provider`, or in their first one.
    pub fn caller(&self, provider: Option<ProviderId>) -> Option<Caller> {
        let member = match provider {
            Some(provider) => self.members.iter().find(|m| m.provider == provider),
            None => self.members.first(),
        }?;
        Some(Caller {
            account: self.account.id,
            name: self.account.name.clone(),
            provider: member.provider,
            role: member.role,
        })
    }
}

impl App {
    /// Checks a username and password. Limited by username and by where it comes from.
    ///
    /// # Errors
    /// [`Error::SignedOut`] for any wrong pair, [`Error::TooMany`].
    pub async fn check_password(
        &self,
        username: &str,
        password: &Secret,
        source: &str,
    ) -> Result<SignedIn> {
        let username = username.trim().to_lowercase();
        // Counted before the password is checked, so that many at once are counted too, and taken
        // back if it fits.
        let allowance = Action::SignIn.allowance();
        let keys =
            [format!("user {username}"), format!("from {source}")].map(|key| (Action::SignIn, key));
        for key in &keys {
            self.limits
                .by_text
                .take(key.clone(), allowance, self.now())
                .map_err(|retry_after| Error::TooMany { retry_after })?;
        }
        let account = self
            .store
            .read_system()
            .await?
            .account_by_username(&username)
            .await?;
        let account = account.filter(|a| a.disabled_at.is_none());
        let hash = account
            .as_ref()
            .map(|a| a.password_hash.clone())
            .or_else(|| NOBODY.clone());
        let fits = verify(hash.unwrap_or_default(), password.clone()).await;
        match account {
            Some(account) if fits => {
                for key in &keys {
                    self.limits.by_text.give_back(key, allowance);
                }
                self.signed_in(account).await
            }
            _ => Err(Error::SignedOut),
        }
    }

    /// Begins a console sign-in and returns its token, which only the browser keeps.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn begin_sign_in(&self, account: AccountId, user_agent: &str) -> Result<Secret> {
        let (token, hash) = self.new_token();
        let now = self.now();
        let agent: String = user_agent.chars().take(200).collect();
        let mut tx = self.store.system().await?;
        tx.insert_sign_in(hash, account, now, now.plus(SIGN_IN_LIFETIME), &agent)
            .await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Who holds this sign-in token.
    ///
    /// # Errors
    /// [`Error::SignedOut`].
    pub async fn by_sign_in(&self, token: &Secret) -> Result<SignedIn> {
        let hash = token_hash(token);
        let account = self
            .store
            .read_system()
            .await?
            .account_by_sign_in(hash, self.now())
            .await?;
        self.signed_in(account.ok_or(Error::SignedOut)?).await
    }

    /// Ends a sign-in.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn end_sign_in(&self, token: &Secret) -> Result<()> {
        let mut tx = self.store.system().await?;
        tx.delete_sign_in(token_hash(token)).await?;
        Ok(tx.commit().await?)
    }

    /// The account with this id, for a caller with a valid access token.
    ///
    /// # Errors
    /// [`Error::SignedOut`] if it is gone or switched off.
    pub async fn by_account(&self, id: AccountId) -> Result<SignedIn> {
        let account = self.store.read_system().await?.account(id).await?;
        self.signed_in(
            account
                .filter(|a| a.disabled_at.is_none())
                .ok_or(Error::SignedOut)?,
        )
        .await
    }

    /// Begins a family of API refresh tokens.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn begin_refresh(&self, account: AccountId) -> Result<Secret> {
        let mut tx = self.store.system().await?;
        let token = self
            .issue_refresh(&mut tx, account, self.new_uuid())
            .await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Exchanges a refresh token for the next one. One that was used before has been stolen from
    /// somebody: its whole family is revoked. One transaction, so that of many at once the last word
    /// is either one successor or a revoked family.
    ///
    /// # Errors
    /// [`Error::SignedOut`].
    pub async fn refresh(&self, token: &Secret) -> Result<(SignedIn, Secret)> {
        let (hash, now) = (token_hash(token), self.now());
        let mut tx = self.store.system().await?;
        let Some(used) = tx.use_refresh_token(hash, now).await? else {
            if let Some(known) = tx.refresh_token(hash).await?
                && known.used_at.is_some()
            {
                tracing::warn!(account = %known.account, "a refresh token was used twice; its family is revoked");
                tx.revoke_family(known.family, now).await?;
                tx.commit().await?;
            }
            return Err(Error::SignedOut);
        };
        let account = tx.account(used.account).await?;
        let account = account
            .filter(|a| a.disabled_at.is_none())
            .ok_or(Error::SignedOut)?;
        let members = tx.memberships(account.id).await?;
        let next = self.issue_refresh(&mut tx, account.id, used.family).await?;
        tx.commit().await?;
        Ok((SignedIn { account, members }, next))
    }

    /// Ends the family of a refresh token: the API's way to sign out. One that is not known is as
    /// good as ended.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn end_refresh(&self, token: &Secret) -> Result<()> {
        let mut tx = self.store.system().await?;
        if let Some(known) = tx.refresh_token(token_hash(token)).await? {
            tx.revoke_family(known.family, self.now()).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a weak password or a name that is taken.
    pub async fn create_account(
        &self,
        username: &str,
        password: &Secret,
        name: &str,
        language: Language,
        super_admin: bool,
    ) -> Result<AccountId> {
        let username = username.trim().to_lowercase();
        let fits = (3..=100).contains(&username.len()) && !username.contains(char::is_whitespace);
        if !fits {
            return Err(Invalid::field("username", "3 to 100 characters without spaces").into());
        }
        if password.expose().chars().count() < 10 {
            return Err(Invalid::field("password", "at least 10 characters").into());
        }
        let account = Account {
            id: AccountId::new(&*self.clock, &*self.entropy),
            username,
            password_hash: self.hash(password).await?,
            name: name.trim().to_owned(),
            language,
            super_admin,
            created_at: self.now(),
            disabled_at: None,
        };
        let mut tx = self.store.system().await?;
        match tx.insert_account(&account).await {
            Err(error) if error.is_conflict() => return Err(Invalid::Taken("this username").into()),
            other => other?,
        }
        tx.commit().await?;
        Ok(account.id)
    }

    /// Makes an account a member of a provider.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn add_member(
        &self,
        provider: ProviderId,
        account: AccountId,
        role: Role,
    ) -> Result<()> {
        let mut tx = self.store.tenant(provider).await?;
        tx.upsert_member(account, role, self.now()).await?;
        let object = format!("account:{account}");
        tx.audit(self.now(), "system", "member.add", &object, role.name())
            .await?;
        Ok(tx.commit().await?)
    }

    /// Sets a new password and ends every sign-in of the account.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Invalid`].
    pub async fn reset_password(&self, username: &str, password: &Secret) -> Result<()> {
        if password.expose().chars().count() < 10 {
            return Err(Invalid::field("password", "at least 10 characters").into());
        }
        let hash = self.hash(password).await?;
        let mut tx = self.store.system().await?;
        let account = tx
            .account_by_username(&username.trim().to_lowercase())
            .await?;
        let account = account.ok_or(Error::NotFound("account"))?;
        tx.set_password_hash(account.id, &hash).await?;
        tx.end_all_sign_ins(account.id, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Changes the password of someone who knows the one they have, ends all their sign-ins and
    /// begins a new one, whose token is returned. Limited like signing in.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the field: `current` or `password`; [`Error::TooMany`].
    pub async fn change_password(
        &self,
        account: &Account,
        current: &Secret,
        password: &Secret,
        source: &str,
        user_agent: &str,
    ) -> Result<Secret> {
        match self
            .check_password(&account.username, current, source)
            .await
        {
            Ok(_) => {}
            Err(Error::SignedOut) => {
                return Err(Invalid::field("current", "this is not your password").into());
            }
            Err(error) => return Err(error),
        }
        self.reset_password(&account.username, password).await?;
        self.begin_sign_in(account.id, user_agent).await
    }

    /// The names of all who are or were members, by account: the audit log and gifts name them by
    /// id.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn member_names(&self, caller: &Caller) -> Result<HashMap<AccountId, String>> {
        caller.need(Permission::Look)?;
        let names = self
            .store
            .read_system()
            .await?
            .member_names(caller.provider)
            .await?;
        Ok(names.into_iter().collect())
    }

    async fn signed_in(&self, account: Account) -> Result<SignedIn> {
        let members = self
            .store
            .read_system()
            .await?
            .memberships(account.id)
            .await?;
        Ok(SignedIn { account, members })
    }

    async fn issue_refresh(
        &self,
        tx: &mut SystemTx,
        account: AccountId,
        family: Uuid,
    ) -> Result<Secret> {
        let (token, hash) = self.new_token();
        let now = self.now();
        let stored = RefreshToken {
            hash,
            family,
            account,
            created_at: now,
            expires_at: now.plus(REFRESH_LIFETIME),
            used_at: None,
            revoked_at: None,
        };
        tx.insert_refresh_token(&stored).await?;
        Ok(token)
    }

    /// 256 random bits, and the hash that is stored of them.
    fn new_token(&self) -> (Secret, [u8; 32]) {
        let mut bytes = [0; 32];
        self.entropy.fill(&mut bytes);
        let token = Secret::new(URL_SAFE_NO_PAD.encode(bytes));
        let hash = token_hash(&token);
        (token, hash)
    }

    async fn hash(&self, password: &Secret) -> Result<String> {
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt);
        let password = password.clone();
        let _turn = HASHING.acquire().await;
        let hash =
            tokio::task::spawn_blocking(move || hash_now(password.expose().as_bytes(), &salt))
                .await;
        hash.ok()
            .flatten()
            .ok_or_else(|| Invalid::field("password", "choose another one").into())
    }
}

async fn verify(hash: String, password: Secret) -> bool {
    let _turn = HASHING.acquire().await;
    let check = move || {
        let parsed = phc::PasswordHash::new(&hash);
        parsed.is_ok_and(|hash| {
            argon2()
                .verify_password(password.expose().as_bytes(), &hash)
                .is_ok()
        })
    };
    tokio::task::spawn_blocking(check).await.unwrap_or(false)
}

/// Argon2id with OWASP's 19 MiB, 2 passes, 1 lane.
fn argon2() -> Argon2<'static> {
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(19 * 1024, 2, 1, None).unwrap_or_default(),
    )
}

fn hash_now(password: &[u8], salt: &[u8; 16]) -> Option<String> {
    argon2()
        .hash_password_with_salt(password, salt)
        .ok()
        .map(|hash| hash.to_string())
}

fn token_hash(token: &Secret) -> [u8; 32] {
    Sha256::digest(token.expose().as_bytes()).into()
}
