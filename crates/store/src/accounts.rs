//! People who sign in, what they may do where, and their tokens.

use std::str::FromStr;

use bando_db::{Row, params};
use bando_domain::{AccountId, Language, ProviderId, Timestamp};
use uuid::Uuid;

use crate::field::{Field, get, values};
use crate::{Error, Result, SystemTx, TenantTx};

/// Someone who signs in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What they type to sign in; small letters.
    pub username: String,
    /// Argon2id in PHC string form.
    pub password_hash: String,
    /// Their name.
    pub name: String,
    /// The language of their screens.
    pub language: Language,
    /// Whether they run the platform.
    pub super_admin: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was switched off; none while it may sign in.
    pub disabled_at: Option<Timestamp>,
}

/// What a member may do in a provider's console, most first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Sees and solves customers' problems; changes nothing that costs money.
    Support,
    /// Sells.
    Cashier,
    /// Runs the business day to day: plans, routers, refunds.
    Manager,
    /// Everything, money settings and members included.
    Owner,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Manager, Self::Cashier, Self::Support];

    /// The name in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Cashier => "cashier",
            Self::Support => "support",
        }
    }
}

impl FromStr for Role {
    type Err = bando_domain::UnknownState;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|r| r.name() == text)
            .ok_or(bando_domain::UnknownState)
    }
}

/// A person's place in a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
    /// The provider.
    pub provider: ProviderId,
    /// The person.
    pub account: AccountId,
    /// What they may do there.
    pub role: Role,
}

/// A refresh token, known by its hash.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefreshToken {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// All tokens that came of one login.
    pub family: Uuid,
    /// Whose it is.
    pub account: AccountId,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it stops working.
    pub expires_at: Timestamp,
    /// When it was exchanged for another.
    pub used_at: Option<Timestamp>,
    /// When its family was revoked.
    pub revoked_at: Option<Timestamp>,
}

const COLUMNS: &str =
    "account_id, username, password_hash, name, language, super_admin, created_at, disabled_at";

impl Account {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: get(row, 0)?,
            username: get(row, 1)?,
            password_hash: get(row, 2)?,
            name: get(row, 3)?,
            language: get(row, 4)?,
            super_admin: get(row, 5)?,
            created_at: get(row, 6)?,
            disabled_at: get(row, 7)?,
        })
    }
}

fn role(row: &Row, column: usize) -> Result<Role> {
    let name: String = get(row, column)?;
    name.parse().map_err(|_| Error::Corrupt {
        column,
        kind: "role",
    })
}

impl SystemTx {
    /// Adds an account.
    ///
    /// # Errors
    /// A conflict if the username is taken.
    pub async fn insert_account(&mut self, a: &Account) -> Result<()> {
        let sql = "INSERT INTO accounts (account_id, username, password_hash, name, language, super_admin, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let row = values![
            a.id,
            a.username,
            a.password_hash,
            a.name,
            a.language,
            a.super_admin,
            a.created_at
        ];
        self.tx.exec(sql, &row).await?;
        Ok(())
    }

    /// The account with this username.
    pub async fn account_by_username(&mut self, username: &str) -> Result<Option<Account>> {
        let sql = format!("SELECT {COLUMNS} FROM accounts WHERE username = $1");
        let row = self
            .tx
            .maybe(bando_db::Sql::built(sql), params![username])
            .await?;
        row.as_ref().map(Account::from_row).transpose()
    }

    /// The account with this id.
    pub async fn account(&mut self, id: AccountId) -> Result<Option<Account>> {
        let sql = format!("SELECT {COLUMNS} FROM accounts WHERE account_id = $1");
        let row = self
            .tx
            .maybe(bando_db::Sql::built(sql), &[id.to_value()])
            .await?;
        row.as_ref().map(Account::from_row).transpose()
    }

    /// Replaces a password hash: a new password, or the same one hashed anew.
    pub async fn set_password_hash(&mut self, id: AccountId, hash: &str) -> Result<()> {
        self.tx
            .exec(
                "UPDATE accounts SET password_hash = $2 WHERE account_id = $1",
                &values![id, hash],
            )
            .await?;
        Ok(())
    }

    /// The providers this account is a member of.
    pub async fn memberships(&mut self, account: AccountId) -> Result<Vec<Member>> {
        let sql = "SELECT provider_id, account_id, role FROM members
                   WHERE account_id = $1 AND deleted_at IS NULL ORDER BY provider_id";
        let rows = self.tx.all(sql, &[account.to_value()]).await?;
        rows.iter()
            .map(|r| {
                Ok(Member {
                    provider: get(r, 0)?,
                    account: get(r, 1)?,
                    role: role(r, 2)?,
                })
            })
            .collect()
    }

    /// The names of all who are or were members of a provider: the audit log knows them by id.
    pub async fn member_names(&mut self, provider: ProviderId) -> Result<Vec<(AccountId, String)>> {
        let sql = "SELECT a.account_id, a.name FROM members m JOIN accounts a ON a.account_id = m.account_id
                   WHERE m.provider_id = $1";
        let rows = self.tx.all(sql, &[provider.to_value()]).await?;
        rows.iter().map(|r| Ok((get(r, 0)?, get(r, 1)?))).collect()
    }

    /// Remembers a console sign-in by the hash of its token.
    pub async fn insert_sign_in(
        &mut self,
        hash: [u8; 32],
        account: AccountId,
        now: Timestamp,
        expires_at: Timestamp,
        user_agent: &str,
    ) -> Result<()> {
        let sql =
            "INSERT INTO sign_ins (token_hash, account_id, created_at, expires_at, user_agent)
                   VALUES ($1, $2, $3, $4, $5)";
        self.tx
            .exec(sql, &values![hash, account, now, expires_at, user_agent])
            .await?;
        Ok(())
    }

    /// The account of a sign-in that is still good.
    pub async fn account_by_sign_in(
        &mut self,
        hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Account>> {
        let sql =
            "SELECT a.account_id, a.username, a.password_hash, a.name, a.language, a.super_admin,
                     a.created_at, a.disabled_at
                   FROM sign_ins s JOIN accounts a ON a.account_id = s.account_id
                   WHERE s.token_hash = $1 AND s.expires_at > $2 AND a.disabled_at IS NULL";
        let row = self.tx.maybe(sql, &values![hash, now]).await?;
        row.as_ref().map(Account::from_row).transpose()
    }

    /// Ends a sign-in.
    pub async fn delete_sign_in(&mut self, hash: [u8; 32]) -> Result<()> {
        self.tx
            .exec("DELETE FROM sign_ins WHERE token_hash = $1", &values![hash])
            .await?;
        Ok(())
    }

    /// Ends every sign-in and every API token family of an account: its password changed, or it
    /// was switched off.
    pub async fn end_all_sign_ins(&mut self, account: AccountId, now: Timestamp) -> Result<()> {
        self.tx
            .exec(
                "DELETE FROM sign_ins WHERE account_id = $1",
                &values![account],
            )
            .await?;
        let sql = "UPDATE refresh_tokens SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL";
        self.tx.exec(sql, &values![account, now]).await?;
        Ok(())
    }

    /// Remembers a refresh token.
    pub async fn insert_refresh_token(&mut self, t: &RefreshToken) -> Result<()> {
        let sql =
            "INSERT INTO refresh_tokens (token_hash, family, account_id, created_at, expires_at)
                   VALUES ($1, $2, $3, $4, $5)";
        self.tx
            .exec(
                sql,
                &values![t.hash, t.family, t.account, t.created_at, t.expires_at],
            )
            .await?;
        Ok(())
    }

    /// Marks a refresh token used if nobody has used it before: of many at once, one gets it.
    pub async fn use_refresh_token(
        &mut self,
        hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<RefreshToken>> {
        let sql = "UPDATE refresh_tokens SET used_at = $2
                   WHERE token_hash = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $2
                   RETURNING token_hash, family, account_id, created_at, expires_at, used_at, revoked_at";
        self.tx
            .maybe(sql, &values![hash, now])
            .await?
            .as_ref()
            .map(refresh_token)
            .transpose()
    }

    /// A refresh token in whatever state it is.
    pub async fn refresh_token(&mut self, hash: [u8; 32]) -> Result<Option<RefreshToken>> {
        let sql =
            "SELECT token_hash, family, account_id, created_at, expires_at, used_at, revoked_at
                   FROM refresh_tokens WHERE token_hash = $1";
        self.tx
            .maybe(sql, &values![hash])
            .await?
            .as_ref()
            .map(refresh_token)
            .transpose()
    }

    /// Revokes all tokens of a family.
    pub async fn revoke_family(&mut self, family: Uuid, now: Timestamp) -> Result<()> {
        let sql =
            "UPDATE refresh_tokens SET revoked_at = $2 WHERE family = $1 AND revoked_at IS NULL";
        self.tx.exec(sql, &values![family, now]).await?;
        Ok(())
    }
}

fn refresh_token(row: &Row) -> Result<RefreshToken> {
    Ok(RefreshToken {
        hash: get(row, 0)?,
        family: get(row, 1)?,
        account: get(row, 2)?,
        created_at: get(row, 3)?,
        expires_at: get(row, 4)?,
        used_at: get(row, 5)?,
        revoked_at: get(row, 6)?,
    })
}

impl TenantTx {
    /// Makes an account a member, or changes its role.
    pub async fn upsert_member(
        &mut self,
        account: AccountId,
        role: Role,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO members (provider_id, account_id, role, created_at) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (provider_id, account_id) DO UPDATE SET role = excluded.role, deleted_at = NULL";
        self.exec(sql, values![account, role.name(), now]).await?;
        Ok(())
    }

    /// Whether the provider has an owner or manager besides this account who can sign in.
    pub async fn has_other_manager(&mut self, account: AccountId) -> Result<bool> {
        let sql = "SELECT 1 FROM members m JOIN accounts a ON a.account_id = m.account_id
                   WHERE m.provider_id = $1 AND m.account_id <> $2 AND m.role IN ('owner', 'manager')
                     AND m.deleted_at IS NULL AND a.disabled_at IS NULL LIMIT 1";
        Ok(self.maybe(sql, values![account]).await?.is_some())
    }
}
